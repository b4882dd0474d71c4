"""Words that belong to no feature: refusals, apologies, and waiting."""

import re

from bot.messages import Page, View, Words, escape, silence


def refused(reason: str) -> Words:
    """Say why not. The reason is worded where the rule is."""
    return Page().say(reason).words()


def apology(request: str) -> Words:
    """Say that it was our fault, with the id under which the log knows more."""
    return (
        Page()
        .say(
            "Sorry, something went wrong on my side, and nothing was changed. Please try once more; if it happens "
            f"again, whoever runs Baton finds it in the log under `{request}`."
        )
        .words()
    )


def one_moment() -> Words:
    """Say that Slack is asked who somebody is."""
    return Page().say("One moment, I am looking you up in Slack; your answer follows.").words()


def not_checked(whom: str, reason: str) -> Words:
    """Say that somebody's right could not be checked, and that what they asked for is kept; `whom` is a mention."""
    said = (
        f"I could not check whether you may do this: Slack does not tell me about {whom} ({escape(reason)}). Your "
        "command is kept, and I go on with it as soon as Slack tells me. Whoever runs Baton may have to mend its rights."
    )
    return Page().say(said).words()


def not_known(what: str) -> Words:
    """Say that nothing answers to this: a command that somebody added by hand, or a button of an older version."""
    said = f"I do not know {escape(what)}. `/wow help`, `/event help` and `/handoff help` show what I can do."
    return Page().say(said).words()


def press_open() -> Words:
    """Offer a button, when Slack did not let a modal open in time."""
    return Page().say("Slack did not let me open the window in time. Press the button, and it opens.").words()


def closed_meanwhile() -> Words:
    """Offer a button, when the modal was closed before GitLab had answered."""
    return Page().say("GitLab has answered, but the window is closed. Press the button, and it opens again.").words()


def type_again() -> Words:
    """Ask for the same once more, when it was too long for a button to remember."""
    return Page().say("Slack did not let me open the window in time. Please do the same once more.").words()


def file_not_sent(name: str) -> Words:
    """Say that a file that belongs to a modal could not be sent."""
    return Page().say(f"Slack did not take the file `{escape(name)}`.").words()


def not_drawn(name: str) -> Words:
    """Say that a picture could not be drawn."""
    return Page().say(f"I could not draw `{escape(name)}`; the same stands above as text.").words()


def file_unsure(name: str) -> Words:
    """Say that nobody knows whether a file that belongs to a modal arrived, and what to do."""
    said = (
        f"Slack did not answer, so I do not know whether the file `{escape(name)}` has arrived in "
        "our direct messages. I do not send it twice; if it is not there, please type the command once more."
    )
    return Page().say(said).words()


def told_here(said: Words, channel: str, code: str, me: str) -> Words:
    """Add why somebody is told instead of a channel: Slack's `code` of it; `me` is Baton's own id, where it is known."""
    match code:
        case "is_archived":
            why, then = "is archived", ""
        case "restricted_action":
            why, then = "does not let me post", ""
        case _:
            why = ""
            then = f" Invite {f'<@{me}>' if me else 'me'} there with `/invite`, and it hears of the next one."
    begins = f"<#{channel}> {why}" if why else f"I am no member of <#{channel}>"
    note = f"{begins}, so I tell you here.{then}"
    small = {"type": "context", "elements": [{"type": "mrkdwn", "text": note}]}
    return Words(f"{said.text}\n{note}", (small, *said.blocks) if said.blocks else ())


def restarting() -> Words:
    """Say that an answer will not come, because the program stops; nothing was begun that could be lost."""
    return Page().say("I am being restarted, and have changed nothing here. Please ask once more in a minute.").words()


def restarted() -> Words:
    """Say that an answer will not come, because the program was restarted in between."""
    said = "I was restarted in between, and have changed nothing here. Please type the command, or press, once more."
    return Page().say(said).words()


LONGEST_VALUE = 2000
"""What Slack lets a button carry."""


def with_open_button(said: Words, request: str) -> Words:
    """Add the Open button; `request` is the request, written down."""
    if len(request) > LONGEST_VALUE:
        return type_again()
    button = {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "open",
                "value": request,
                "style": "primary",
                "text": {"type": "plain_text", "text": "Open"},
            }
        ],
    }
    return Words(said.text, (*said.blocks, button))


def said_in_modal(said: Words, title: str = "Baton") -> View:
    """Show words on a modal that is open already."""
    blocks = list(said.blocks) or Page().say(said.text).blocks
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


def reading(title: str, what: str = "GitLab") -> View:
    """Show that something is being read."""
    return said_in_modal(Page().say(f"Reading {what}, one moment …").words(), title)


def writing_file(seconds: float) -> str:
    """Say that a file takes a while."""
    return f"Writing the file, {seconds:.0f} s so far …"


def gitlab_refused(reason: str) -> Words:
    """Say that GitLab answered with a refusal, and where to look."""
    if reason.startswith("GitLab refuses"):
        return Page().say(f"{silence(reason)}. Nothing was changed.").words()
    said = (
        f"GitLab refused to answer: {escape(reason)}. Please check `GITLAB_PROJECT` and the rights of my token; "
        "nothing was changed."
    )
    return Page().say(said).words()


def unmarked(mrkdwn: str) -> str:
    """Write words for a place that shows no marks, such as the error under a field; who is mentioned is “this person”."""
    return re.sub(r"<@[^<>]*>", "this person", mrkdwn).replace("`", "").replace("*", "")

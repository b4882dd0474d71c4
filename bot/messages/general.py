"""Words that belong to no feature: refusals, apologies, and waiting."""

import re

from bot.messages import Page, View, Words, escape, silence
from bot.messages import trying_again as trying


def refused(reason: str) -> Words:
    """Say why not. The reason is worded where the rule is."""
    return Page().say(reason).words()


def apology(request: str) -> Words:
    """Say that it was our fault, with the id under which the log knows more."""
    return (
        Page()
        .say(
            "Sorry, something went wrong on my side, and nothing was changed. Please try again. If it happens again, "
            f"tell whoever runs Baton this id, which is in the log: `{request}`."
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
        "command is kept, and I carry it out as soon as Slack tells me. If that takes long, ask whoever runs Baton to "
        "check its rights in Slack."
    )
    return Page().say(said).words()


def unknown(what: str) -> Words:
    """Say that something is not what we know, and where it stands what we do."""
    return (
        Page()
        .say(f"I do not know {escape(what)}. `/wow help`, `/event help` and `/handoff help` show what I can do.")
        .words()
    )


def trying_again(number: int) -> Words:
    """Say how much is tried again."""
    return Page().say(trying(number)).words()


def press_open() -> Words:
    """Offer a button, when Slack did not let a modal open in time."""
    return Page().say("Slack did not let me open the window in time. Press *Open* to open it.").words()


def closed_meanwhile() -> Words:
    """Offer a button, when the modal was closed before GitLab had answered."""
    return Page().say("GitLab has answered, but the window was closed. Press *Open* to open it again.").words()


def type_again() -> Words:
    """Ask for the same once more, when it was too long for a button to remember."""
    return Page().say("Slack did not let me open the window in time. Please try again.").words()


def file_not_sent(name: str) -> Words:
    """Say that a file that belongs to a modal could not be sent."""
    return Page().say(f"Slack did not take the file `{escape(name)}`. Please try again.").words()


def not_drawn(name: str) -> Words:
    """Say that a picture could not be drawn."""
    return Page().say(f"I could not draw `{escape(name)}`. The text above says the same.").words()


def file_unsure(name: str) -> Words:
    """Say that nobody knows whether a file that belongs to a modal arrived, and what to do."""
    said = (
        f"Slack did not answer, so I do not know whether the file `{escape(name)}` has arrived in "
        "our direct messages. If it is not there, please type the command again."
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
            then = f" Invite {f'<@{me}>' if me else 'me'} there with `/invite`, and I post the next one there."
    begins = f"<#{channel}> {why}" if why else f"I am not a member of <#{channel}>"
    note = f"{begins}, so I tell you here.{then}"
    small = {"type": "context", "elements": [{"type": "mrkdwn", "text": note}]}
    return Words(f"{said.text}\n{note}", (small, *said.blocks) if said.blocks else ())


def restarting() -> Words:
    """Say that an answer will not come, because the program stops; nothing was begun that could be lost."""
    return Page().say("I am being restarted, and nothing was changed. Please try again in a minute.").words()


def restarted() -> Words:
    """Say that an answer will not come, because the program was restarted in between."""
    said = "I was restarted, and nothing was changed. Please type the command or press the button again."
    return Page().say(said).words()


BUTTON_TOO_OLD = "This button is too old: I no longer know what it was for. Please type the command again."
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

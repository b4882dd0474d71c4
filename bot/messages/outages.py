"""What we say of outages: declared, ongoing, resolved; the modal that opens their issue, and post-mortems that are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.duration import lasted
from bot.domain.events import LONGEST_TEXT
from bot.domain.logged import Announced, Waiting
from bot.domain.outages import MOST_OFFERED, Outage
from bot.domain.priority import AP_LABELS
from bot.domain.talk import Said
from bot.domain.team import Team
from bot.messages import Page, View, Words, count, escape, link, moment, person, shorten, tell_waiting, waits
from bot.messages.events import INVITATION, button_label, exact, outage_named, texts_left_out

TITLE = "Declare an outage"
FROM_MESSAGE = "Open outage issue"
LONGEST_TITLE = 255
CRITICAL = "critical"
MOST_QUIET = 15
"""Outages without an update that one message names."""
NOBODY_PAGED = "Nobody was paged: I do not page people. Please tell whoever has to know."


@dataclass(frozen=True)
class Prefilled:
    """What stands in the modal before anybody types. `metadata` is what it carries along."""

    title: str
    seen: str = ""
    private: bool = False
    metadata: str = ""
    alike: Outage | None = None
    notes: tuple[str, ...] = ()
    from_message: bool = False


def _begins(*, from_message: bool) -> str:
    return "began when the message was written" if from_message else "begins now"


def modal(shown: Prefilled, team: Team) -> View:
    """Ask what an outage is about."""
    page = Page()
    page.say(
        f"An issue labelled `{escape(team.labels.outage)}` is opened, and the outage {_begins(from_message=shown.from_message)}."
    )
    page.small("Nobody is paged by this. Please tell whoever has to know.")
    if shown.alike:
        page.say(
            f":mag: This looks like {outage_named(shown.alike)}, which is ongoing already. If it is the same, cancel, "
            "and use `/event log` instead."
        )
    if shown.private:
        page.small(
            ":lock: This is a private channel. What is logged here becomes internal notes in GitLab. The issue is "
            "confidential, unless you untick that below."
        )
    for note in shown.notes:
        page.small(note)
    fields = [
        _text("title", "Title", shown.title[:LONGEST_TITLE], most=LONGEST_TITLE),
        _text("seen", "What is seen", shown.seen[:LONGEST_TEXT], most=LONGEST_TEXT, multiline=True, optional=True),
        _tick("data_loss", "Data loss", "Data is lost, or seems to be", ticked=False),
        _tick(
            "confidential",
            "Confidential",
            "Only members of the project, and in Slack of this channel, can read it",
            ticked=shown.private,
        ),
        _tick(CRITICAL, "Critical", "It cannot wait for the morning", ticked=False),
        _select("ap", "Availability and performance priority", ["none", *AP_LABELS]),
    ]
    return {
        "type": "modal",
        "callback_id": "event.outage",
        "private_metadata": shown.metadata,
        "title": {"type": "plain_text", "text": FROM_MESSAGE if shown.from_message else TITLE},
        "submit": {"type": "plain_text", "text": "Open issue"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [*page.blocks, *fields],
    }


def _text(
    block: str, label: str, initial: str, *, most: int, multiline: bool = False, optional: bool = False
) -> dict[str, object]:
    element: dict[str, object] = {
        "type": "plain_text_input",
        "action_id": block,
        "max_length": most,
        "multiline": multiline,
    }
    if initial:
        element["initial_value"] = initial
    return {
        "type": "input",
        "block_id": block,
        "optional": optional,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }


def _tick(block: str, label: str, option: str, *, ticked: bool) -> dict[str, object]:
    shown = {"text": {"type": "plain_text", "text": option}, "value": "yes"}
    element: dict[str, object] = {"type": "checkboxes", "action_id": block, "options": [shown]}
    if ticked:
        element["initial_options"] = [shown]
    return {
        "type": "input",
        "block_id": block,
        "optional": True,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }


def _select(block: str, label: str, options: Sequence[str]) -> dict[str, object]:
    shown = [{"text": {"type": "plain_text", "text": one}, "value": one} for one in options]
    return {
        "type": "input",
        "block_id": block,
        "optional": True,
        "label": {"type": "plain_text", "text": label},
        "element": {"type": "static_select", "action_id": block, "options": shown, "initial_option": shown[0]},
    }


def first_line(text: str) -> str:
    """Take the title of an outage from the first line of a message."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return shorten(lines[0], LONGEST_TITLE) if lines else ""


def quoted_talk(first: Said, thread: Sequence[Said], names: dict[str, str]) -> str:
    """Quote a message and its thread in order, each with its time and address; what does not fit is counted."""
    pieces = [_quoted(one, names) for one in sorted({first, *thread}, key=lambda one: one.ts)]
    kept: list[str] = []
    room = LONGEST_TEXT - 60
    for piece in pieces:
        room -= len(piece) + 2
        if room < 0:
            kept.append(f"(… and {len(pieces) - len(kept)} more in the thread)")
            break
        kept.append(piece)
    return "\n\n".join(kept)


def _quoted(one: Said, names: dict[str, str]) -> str:
    who = names.get(one.by, "") or one.name or one.by or "somebody"
    body = shorten(one.text, 1500) or "(no text)"
    files = "".join(f"\n> file: {name} {url}".rstrip() for name, url in one.files)
    quote = "\n".join(f"> {line}" for line in body.split("\n"))
    return f"{who}, {exact(one.at)} {one.permalink}".rstrip() + f"\n{quote}{files}"


def files_left_out() -> str:
    """Say what happens to files."""
    return "Files are only named and linked, never made public."


def announced(told: Announced) -> Words:
    """Word the message that announces an outage, and follows it to its end."""
    one = told.outage
    page = Page()
    if one.ended_at is None:
        page.say(f":rotating_light: Outage {outage_named(one)}\n{_since(one)} · {count(told.events, 'event')}")
        page.small(NOBODY_PAGED)
    else:
        page.say(
            f":white_check_mark: Outage {outage_named(one)} is over, after {lasted(one.began_at, one.ended_at)}"
            f"{_ended_by(one)}.\n{_since(one)} · {count(told.events, 'event')}"
        )
        if not one.refused:
            page.small(_in_gitlab(told))
    if one.refused:
        page.say(f":warning: GitLab refused it: {escape(one.refused)}")
    elif one.iid is None:
        page.small("Its issue in GitLab is on its way.")
    if told.waiting:
        said = waits(told.waiting.reason, told.waiting.count)
        page.small(f"{said}. Nothing is lost. Until then, call it `{one.reference}`.")
    return page.block(_buttons(told)).words()


def _since(one: Outage) -> str:
    return f"since {moment(one.began_at)} · declared by {person(one.by)}"


def _ended_by(one: Outage) -> str:
    return f", ended by {person(one.ended_by)}" if one.ended_by else ""


def _in_gitlab(told: Announced) -> str:
    if told.closed:
        return "The issue is closed."
    return (
        "The issue is closed as soon as GitLab answers."
        if told.waiting or not told.outage.by_hand
        else "Closed in GitLab."
    )


def _buttons(told: Announced) -> dict[str, object]:
    one = told.outage
    shown = []
    if one.ended_at is None:
        shown.append(_button("outage.resolve", "Resolve", one.number, style="danger"))
    shown.append(_button("outage.timeline", "Timeline", one.number))
    if one.ended_at is not None:
        shown.append(_button("outage.postmortem", "Draft post-mortem", one.number))
    if one.refused:
        shown.append(_button("outage.retry", "Retry", one.number))
    return {"type": "actions", "elements": shown}


def _button(action: str, label: str, number: int, *, style: str = "") -> dict[str, object]:
    button: dict[str, object] = {
        "type": "button",
        "action_id": action,
        "value": str(number),
        "text": {"type": "plain_text", "text": label},
    }
    return {**button, "style": style} if style else button


def answer(told: Announced) -> Words:
    """Say under a message what was made of it."""
    one = told.outage
    page = Page()
    state = "is ongoing" if one.ongoing else "is over"
    issue = "" if one.iid else " Its issue in GitLab is on its way."
    return page.say(f"From this message: outage {outage_named(one)}, which {state}.{issue}").words()


def over(told: Announced) -> Words:
    """Remind of the post-mortem when an outage is over."""
    one = told.outage
    page = Page()
    if one.ended_at is None:
        return page.say(f"Outage {outage_named(one)} is ongoing again.").words()
    page.say(
        f"Outage {outage_named(one)} is over, after {lasted(one.began_at, one.ended_at)}{_ended_by(one)}. "
        "*A blameless post-mortem is due*: what happened when, and why, without naming anybody."
    )
    return page.block(
        {"type": "actions", "elements": [_button("outage.postmortem", "Draft post-mortem", one.number)]}
    ).words()


def unwritten(told: Announced, *, written: bool) -> Words:
    """Remind of a post-mortem on a morning after the end; nobody is paged, and it is said once."""
    one = told.outage
    page = Page()
    if one.ended_at is None:
        return page.say(f"Outage {outage_named(one)} is ongoing again.").words()
    if written:
        return page.say(f"The post-mortem of outage {outage_named(one)} stands in its issue.").words()
    page.say(
        f":memo: Outage {outage_named(one)} is over since {moment(one.ended_at)}, and I have seen no post-mortem yet. "
        "It is blameless: what happened when, and why, without naming anybody."
    )
    page.small("If it is written elsewhere, ignore this: I remind only once.")
    return page.block(
        {"type": "actions", "elements": [_button("outage.postmortem", "Draft post-mortem", one.number)]}
    ).words()


def quiet(told: Sequence[tuple[Outage, datetime]]) -> Words:
    """Bring outages up that had no update for long, each with the moment since which it had none."""
    page = Page()
    ongoing = [(one, since) for one, since in told if one.ongoing]
    if not ongoing:
        over = "It is over by now" if len(told) == 1 else "All are over by now"
        return page.say(
            f":white_check_mark: {over}: {', '.join(outage_named(one) for one, _ in told[:MOST_QUIET])}."
        ).words()
    if len(ongoing) == 1:
        one, since = ongoing[0]
        page.say(
            f":hourglass: Outage {outage_named(one)} is ongoing, and nothing was logged for it since {moment(since)}."
        )
    else:
        lines = [f"• {outage_named(one)}, since {moment(since)}" for one, since in ongoing[:MOST_QUIET]]
        more = [f"• … and {len(ongoing) - MOST_QUIET} more"] if len(ongoing) > MOST_QUIET else []
        page.say(
            "\n".join(
                [f":hourglass: {len(ongoing)} outages are ongoing, and nothing was logged for them:", *lines, *more]
            )
        )
    which = "it" if len(ongoing) == 1 else "one"
    page.small(f"`/event log` adds what is known by now. If {which} is over, press *Resolve*.")
    buttons = [
        _button(
            f"outage.resolve#{one.number}", _resolve_label(one, alone=len(ongoing) == 1), one.number, style="danger"
        )
        for one, _ in ongoing[:MOST_OFFERED]
    ]
    return page.block({"type": "actions", "elements": buttons}).words()


def _resolve_label(one: Outage, *, alone: bool) -> str:
    return "Resolve" if alone else f"Resolve {one.reference}"


def declared(one: Outage, waiting: Waiting | None) -> Words:
    """Say at once that an outage goes on."""
    begins = _begins(from_message=bool(one.message))
    page = Page().say(f"Outage {outage_named(one)} is declared, and {begins}. {NOBODY_PAGED}")
    tell_waiting(page, waiting)
    return page.words()


def declared_already(one: Outage) -> Words:
    """Say that this message is an outage already, and where that is."""
    issue = "" if one.iid else " Its issue in GitLab is on its way."
    return Page().say(f"This message is outage {outage_named(one)} already.{issue}").words()


def resolved(one: Outage, waiting: Waiting | None) -> Words:
    """Say at once that an outage is over."""
    closing = "Its issue is closed as soon as GitLab answers" if waiting else "Its issue is being closed"
    page = Page().say(f"Outage {outage_named(one)} is over. {closing}, and a post-mortem is due.")
    tell_waiting(page, waiting)
    return page.words()


def which(ongoing: Sequence[Outage], action: str, what: str) -> Words:
    """Ask which of several outages is meant."""
    page = Page().say(f"{len(ongoing)} outages are ongoing. Which one {what}?")
    elements = [
        {
            **_button(f"{action}#{one.number}", button_label(one), one.number),
        }
        for one in ongoing
    ]
    return page.block({"type": "actions", "elements": elements}).words()


def no_member() -> str:
    """Say what is missing where Baton is no member."""
    return f"{INVITATION} The thread is left out."


def thread_unread() -> str:
    """Say that Slack did not show the thread in time."""
    return "Slack did not show me the thread in time, so I quote only the message itself."


def postmortem(one: Outage, hidden: int) -> Words:
    """Say that a draft follows, with the button that makes it the issue's text."""
    page = Page().say(
        f"A draft for the post-mortem of {outage_named(one)} follows as a file in our direct messages: six parts, the "
        "timeline filled in, names as roles."
    )
    if hidden:
        page.small(texts_left_out(hidden))
    button = _button("outage.write_postmortem", "Put it into the issue", one.number)
    return page.block({"type": "actions", "elements": [button]}).words()


def postmortem_begun(one: Outage, waiting: Waiting | None) -> Words:
    """Say that the draft is put into the issue."""
    where = link(one.url, f"#{one.iid}") if one.iid else "the issue"
    page = Page().say(
        f"The draft becomes the text of {where}; what people wrote there stays below it. After that I do not change "
        "it again."
    )
    tell_waiting(page, waiting)
    return page.words()

"""The composition root: settings in, running bot out. The one file that knows every other."""

import asyncio
import contextlib
import gc
import random
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
import uvicorn
from pydantic import SecretStr

import handlers
from bot import web
from bot.dialogue import Outcome, Reply, Request
from bot.domain.errors import Rejected, Unavailable
from bot.domain.operations import Operation
from bot.domain.questions import MessageQuestion, OutageQuestion, WeekQuestion
from bot.domain.team import Labels, Team
from bot.domain.tracker import WeekFacts
from bot.gitlab import Gitlab
from bot.gitlab.hooks import Gate, RefusedHookError
from bot.gitlab.paths import project_path
from bot.home import Homes
from bot.messages import general
from bot.outbox import Follow, Outbox, Planner, Tasks
from bot.prompt import Facts, Prompt, Question
from bot.rota import RotaReader
from bot.schedule import Job, Schedule
from bot.services import week
from bot.services.wow import judge
from bot.settings import Settings
from bot.slack.bolt import SlackApp
from bot.slack.calls import SlackCalls
from bot.slack.channels import Channels
from bot.slack.edge import Edge
from bot.slack.listening import Listening
from bot.slack.performer import SlackPerformer
from bot.slack.roster import Roster
from bot.slack.socket import Socket
from bot.store import HOMES, KEPT, Store, StoreError, Tx, open_store
from bot.telemetry import log
from bot.vitals import Vitals

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

Clock = Callable[[], datetime]
OUTAGE_SWEEP = 10
"""Minutes between two looks for outages that no hook told of."""
SWEEPS_FROM = datetime(2017, 1, 1, 0, 40, tzinfo=UTC)
"""Sweeps are aligned, so that several processes share them, but not to the full hour, when everything else runs."""
KEEP_ANSWERS = timedelta(days=2)
KEEP_LOOKS = timedelta(days=7)
"""How long it is kept in the journal that late additions were looked for; there is a look for every hook."""
STOP_SECONDS = 8.0
SLACK_AT_ONCE = 4
YOUNG = 10_000
"""Objects after which the youngest are looked through for garbage: most of what a command needs is gone by then."""


def now() -> datetime:
    """Read the clock: the present instant, in UTC."""
    return datetime.now(UTC)


def team_of(settings: Settings) -> Team:
    """Take from the settings what the rules need."""
    return Team(
        channel=settings.team_channel,
        zone=settings.team_timezone,
        leads=frozenset(settings.wow_leads),
        wow_title=settings.wow_title,
        next_wow_title=settings.next_wow_title,
        labels=Labels(
            unscheduled=settings.label_unscheduled,
            outage=settings.label_outage,
            data_loss=settings.label_data_loss,
            goal=settings.label_goal,
            toil=settings.label_toil,
            report=settings.label_report,
        ),
        private_channels=frozenset(settings.private_channels),
        tracker=settings.gitlab_url,
        environments=frozenset(name.casefold() for name in settings.deploy_environments),
        reaction=settings.log_reaction,
        gitlab_users=settings.gitlab_users,
        oncall_group=settings.oncall_usergroup or "",
        oncall_topic=settings.oncall_topic,
        handoff_reminder=timedelta(minutes=settings.handoff_reminder),
        handoff_escalation=timedelta(minutes=settings.handoff_escalation),
        outage_reminder=timedelta(minutes=settings.outage_reminder),
        pictures=settings.report_picture,
    )


class Bot:
    """Everything that runs, put together. Build it inside a running event loop; `close` when done."""

    def __init__(self, settings: Settings, store: Store, clock: Clock = now) -> None:
        self.settings, self.store, self.clock = settings, store, clock
        self.team = team_of(settings)
        token = settings.slack_bot_token.get_secret_value()
        self.session = aiohttp.ClientSession()
        self.calls = SlackCalls(token, settings.slack_api_url, self.session, clock)
        self.gitlab = Gitlab(
            settings.gitlab_url, settings.gitlab_token.get_secret_value(), settings.gitlab_project, self.team, clock
        )
        self.gate = Gate(
            _shown(settings.gitlab_webhook_secret),
            _shown(settings.gitlab_webhook_signing_token),
            settings.gitlab_project,
            clock,
        )
        self.outbox = Outbox(
            store,
            carriers={
                "gitlab": self.gitlab,
                "slack": Tasks(
                    SlackPerformer(self.calls, store, self.team, handlers.MESSAGES, handlers.PICTURES, clock),
                    SLACK_AT_ONCE,
                ),
            },
            planners={kind: self._planner(kind) for kind in handlers.PLANS},
            follow={kind: self._follower(kind) for kind in handlers.BATCHES},
            clock=clock,
            holder=uuid4().hex,
            fill_in=self._fill_in,
            pulses={"gitlab": self.gitlab.pulse, "slack": self.calls.identity},
        )
        self.listening = Listening(self.calls, store)
        self.channels = Channels(store, self.calls, self.team, clock)
        self.prompt = Prompt(
            store,
            self.team,
            screen=self.calls,
            read=self._read,
            shows=handlers.ANSWERS,
            makes=handlers.FILES,
            is_private=self.channels.is_private,
            clock=clock,
        )
        self.edge = Edge(store, self.team, handlers.REQUESTS, clock, new_id=partial(_new_id, random.Random()))  # noqa: S311
        self.roster = Roster(store, self.calls, clock, self._answer_kept, self._tell_not_checked, self.team.channel)
        secret = settings.slack_signing_secret
        self.slack = SlackApp(
            self.edge,
            self.calls,
            store,
            self.channels,
            token=token,
            signing_secret=None if settings.socket_mode or secret is None else secret.get_secret_value(),
            begin=self._begin,
            people_changed=self.roster.wake,
        )
        self.schedule = Schedule(store, self._jobs, clock, lambda tx, at: handlers.WATCH(tx, self.team, at))
        self.rota = RotaReader(settings.rota, self.team.zone, store, self.session, clock) if settings.rota else None
        self.homes = Homes(
            store,
            lambda tx, who, at: handlers.HOME(tx, self.team, who, at),
            self.calls.publish_home,
            clock,
            uuid4().hex,
        )
        self.vitals = Vitals(store, self.outbox, self.gitlab, self.calls, clock)
        self.socket: Socket | None = None

    async def _read(self, question: Question) -> Facts:
        """Ask whoever knows the answer."""
        match question:
            case MessageQuestion():
                return await self.listening.read(question)
            case OutageQuestion():
                return await self.gitlab.read(question)
            case WeekQuestion():
                return await self.gitlab.read(question)

    def wake(self, whom: frozenset[str]) -> None:
        """Let those look who were given something to do, and nobody else: a look costs more than a command."""
        self.outbox.wake(whom)
        if KEPT in whom:
            self.roster.wake()
        if HOMES in whom:
            self.homes.wake()

    async def close(self) -> None:
        """Let go of everything but the store."""
        self.gitlab.close()
        await self.session.close()

    async def forget_another_gitlab(self) -> None:
        """Forget what GitLab said last, if it was another one, or another project, before these settings."""
        where, at = f"{self.settings.gitlab_url} {self.settings.gitlab_project}", self.clock()
        if await self.store.read(lambda tx: tx.fact(week.WHERE)) != where:
            await self.store.write(lambda tx: week.forget_another_tracker(tx, where, at))

    async def forget_rota(self) -> None:
        """Forget the rota that was read before, if these settings name none."""
        if self.rota is None:
            with contextlib.suppress(StoreError):
                if await self.store.read(lambda tx: tx.rota()):
                    await self.store.write(lambda tx: tx.forget_rota())

    def _fill_in(self, tx: Tx, operation: Operation) -> Operation:
        """Complete an operation with what is known only when it is sent."""
        complete = handlers.FILL_INS.get(type(operation))
        return complete(tx, self.team, operation) if complete else operation

    def _planner(self, kind: str) -> Planner:
        ask, decide = handlers.PLANS[kind]

        async def read(about: str) -> object:
            facts = await self._read(await self.store.read(lambda tx: ask(tx, self.team, about)))
            if isinstance(facts, WeekFacts) and facts.put_off is not None:
                # what was read is kept, so that every attempt has less to read; one issue that never can be read
                # is the last one left at some time, and is then left out, unless GitLab only wants us to wait
                await self.store.write(lambda tx: judge(tx, facts, self.team))
                if facts.events or facts.limited:
                    message = "GitLab did not show all issues' histories yet"
                    raise Unavailable(message, retry_after=facts.put_off, world_is_down=False)
            return facts

        return Planner(read, lambda tx, about, facts, at: decide(tx, self.team, about, facts, at))

    def _follower(self, kind: str) -> Follow:
        follow = handlers.BATCHES[kind]
        return lambda tx, batch, delivery, outcome, at: follow(tx, self.team, batch, delivery, outcome, at)

    def _begin(
        self,
        request: Request,
        outcome: Outcome | None,
        acked: bool,  # noqa: FBT001 - Begin's shape
    ) -> "asyncio.Task[None] | None":
        return self.prompt.begin(request, outcome, acked=acked)

    async def _answer_kept(self, request: Request) -> "asyncio.Task[None] | None":
        return await self.slack.answer_kept(request)

    def _tell_not_checked(self, request: Request, whom: str, reason: str) -> None:
        if request.name == handlers.home.KNOWN:
            return  # nobody asked for anything
        mention = f"<!subteam^{whom}>" if whom.startswith("S") else f"<@{whom}>"
        self.prompt.begin(request, Reply(general.not_checked(mention, reason)), acked=False)

    def _jobs(self) -> list[Job]:
        # loaded after the start, off the loop
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        nightly = CronTrigger(hour=3, minute=17, timezone=self.team.zone)
        every = IntervalTrigger(minutes=self.settings.late_sweep, start_date=SWEEPS_FROM, timezone=UTC)
        mornings = CronTrigger(day_of_week="mon-fri", hour=10, timezone=self.team.zone)
        return [
            Job("forget answers", nightly, _forget, grace=timedelta(hours=20)),
            self._job("late sweep", every),
            self._job("outage sweep", IntervalTrigger(minutes=OUTAGE_SWEEP, start_date=SWEEPS_FROM, timezone=UTC)),
            self._job("rollover due", mornings, timedelta(hours=14)),
            self._job("post-mortems due", mornings, timedelta(hours=14)),
        ]

    def _job(self, name: str, trigger: "BaseTrigger", grace: timedelta = timedelta(seconds=30)) -> Job:
        run = handlers.JOBS[name]
        return Job(name, trigger, lambda tx, at: run(tx, self.team, at), grace=grace)

    async def take_hook(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Take a hook of GitLab's: it is written down before this returns, and acted on later."""
        try:
            hook = self.gate.read(headers, body, uuid4().hex)
        except RefusedHookError as refusal:
            return refusal.status, str(refusal)
        at, heed = self.clock(), handlers.HOOKS.get(hook.kind)
        if heed is None:
            return 200, "There is nothing to do for this hook."

        def take(tx: Tx) -> None:
            key = f"hook {hook.key or hook.id}"
            if tx.answer_to(key) is None:
                tx.keep_answer(key, "", at)
                heed(tx, self.team, hook, at)

        try:
            await self.store.write(take)
        except StoreError as trouble:
            return 503, str(trouble)
        return 200, "Taken."

    async def look_at_gitlab(self) -> None:
        """Ask GitLab once for the project, and warn in the log, with the mend, where the settings do not let us in.

        Nothing depends on it: what is wrong would only show at the first command.
        """
        path = project_path(self.settings.gitlab_project)
        try:
            await self.gitlab.calls.row("get", path, lambda row: row["id"])
        except Unavailable as silence:
            setting = "GITLAB_TOKEN" if silence.token_refused else "GITLAB_URL"
            log.warning("gitlab.not_reached", setting=setting, reason=silence.reason, fix=_MENDS[setting])
        except Rejected as refusal:
            setting = "GITLAB_PROJECT" if refusal.gone else "GITLAB_TOKEN"
            log.warning("gitlab.refuses", setting=setting, reason=refusal.reason, fix=_MENDS[setting])
        else:
            log.info("gitlab.reached")

    async def look_for_outages(self) -> None:
        """Look once which outages go on: some may have been made, or ended, while nobody listened."""
        at = self.clock()
        with contextlib.suppress(StoreError):
            await self.store.write(lambda tx: handlers.JOBS["outage sweep"](tx, self.team, at))


def _new_id(roll: random.Random) -> str:
    """Make an id that nobody has, and that is no secret; asking the system would hand the turn to another thread."""
    return f"{roll.getrandbits(48):012x}"


_MENDS = {
    "GITLAB_URL": "If GitLab is down, nothing: Baton goes on when it is back. Else check GITLAB_URL, and restart.",
    "GITLAB_TOKEN": "Put a valid token with the scope api into GITLAB_TOKEN, and restart; until then operations wait.",
    "GITLAB_PROJECT": "Check GITLAB_PROJECT (path or id), and that GITLAB_TOKEN is of a member of it; then restart.",
}


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _forget(tx: Tx, at: datetime) -> None:
    tx.forget_answers(at, KEEP_ANSWERS)
    for kind in ("late", "reminder", "outages", "pin"):
        tx.forget_batches(kind, at, KEEP_LOOKS)


async def serve(settings: Settings, clock: Clock = now, on_ready: Callable[[str], None] = lambda _: None) -> int:
    """Run until SIGTERM or SIGINT, then stop: take nothing more, finish what runs, close; gives the exit code.

    `on_ready` is called with the address that HTTP listens on. The code is 1 when a part broke down and ended it.
    """
    loop = asyncio.get_running_loop()
    wakes: list[Callable[[frozenset[str]], None]] = []

    def on_work(whom: frozenset[str]) -> None:
        for wake in wakes:
            loop.call_soon_threadsafe(wake, whom)

    store = await asyncio.to_thread(partial(open_store, settings.database_url, on_work=on_work))
    bot = Bot(settings, store, clock)
    wakes.append(bot.wake)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    gc.freeze()  # what is loaded stays: looking through it again and again would hold up whoever waits
    gc.set_threshold(YOUNG)
    try:
        await bot.forget_another_gitlab()
        return await _run(bot, stopping, on_ready)
    finally:
        await bot.close()
        await asyncio.to_thread(store.close)


async def _run(bot: Bot, stopping: asyncio.Event, on_ready: Callable[[str], None]) -> int:
    settings = bot.settings
    door = _open_door(settings.host, settings.port)
    take_slack = None if settings.socket_mode else bot.slack.take_http
    server = _Server(
        uvicorn.Config(
            web.build(bot.vitals.health, bot.vitals.readiness, take_slack, bot.take_hook),
            log_config=None,
            access_log=False,
            proxy_headers=False,  # nobody asks where a request came from: it is signed
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
        )
    )
    if settings.slack_app_token is not None:
        bot.socket = Socket(bot.calls, settings.slack_app_token.get_secret_value(), bot.slack.take_envelope)
        bot.socket.start()
        bot.vitals.socket = bot.socket
    workers = [bot.outbox.run, bot.roster.run, bot.schedule.run, bot.homes.run, *([bot.rota.run] if bot.rota else [])]
    loops = [asyncio.create_task(worker()) for worker in workers]
    serving = asyncio.create_task(server.serve(sockets=[door]))
    ready = asyncio.create_task(_say_ready(server, settings.host, on_ready))
    asides = [
        asyncio.create_task(bot.look_at_gitlab()),
        asyncio.create_task(bot.prompt.make_up()),
        asyncio.create_task(bot.look_for_outages()),
        asyncio.create_task(bot.forget_rota()),
    ]
    stop = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait([serving, stop, *loops], return_when=asyncio.FIRST_COMPLETED)
    broken = done - {stop}
    for task in broken:
        log.error("app.stopped_by_error", error=repr(task.exception()) if not task.cancelled() else "cancelled")
    ready.cancel()
    for aside in asides:
        aside.cancel()
    log.info("app.stopping")
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_stop(bot, server, serving, loops), STOP_SECONDS)
    log.info("app.stopped")
    return 1 if broken else 0


async def _stop(
    bot: Bot,
    server: "_Server",
    serving: "asyncio.Task[None]",
    loops: "list[asyncio.Task[None]]",
) -> None:
    server.should_exit = True
    if bot.socket is not None:
        await bot.socket.stop()
    await asyncio.gather(serving, return_exceptions=True)
    await asyncio.gather(bot.prompt.stop(), bot.outbox.stop(3.5), return_exceptions=True)
    for task in loops:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: stopping is ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _open_door(host: str, port: int) -> socket.socket:
    """Listen, before anything else begins; raises OSError, which uvicorn would turn into an exit of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


async def _say_ready(server: _Server, host: str, on_ready: Callable[[str], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, and no event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    log.info("app.ready", address=f"http://{host}:{port}")
    on_ready(f"http://{host}:{port}")


Terminal = Callable[[Bot], Awaitable[int]]


async def in_terminal(settings: Settings, work: Terminal, clock: Clock = now) -> int:
    """Run something at a terminal with a bot that serves nobody; gives its exit code."""
    store = await asyncio.to_thread(partial(open_store, settings.database_url))
    bot = Bot(settings, store, clock)
    try:
        await bot.forget_another_gitlab()
        return await work(bot)
    finally:
        await bot.close()
        await asyncio.to_thread(store.close)

"""The emulated Web API, seen through the real `slack_sdk.WebClient`."""

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.slack.http import METHODS
from bot.sandbox.weather import Weather

MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Title"},
    "external_id": "mine",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "words"}}],
}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def weather() -> Weather:
    return Weather()


@pytest.fixture
def world(clock: Clock, weather: Weather) -> Iterator[SlackWorld]:
    world = SlackWorld(clock=clock)
    world.add_person("U1", "alice", real_name="Alice", tz="Asia/Kolkata")
    world.add_person("U2", "bob", deleted=True)
    world.add_person("U3", "grafana", is_bot=True)
    world.add_channel("C1", "production", members=["U1", "U3"])
    world.add_channel("C2", "random", members=["U1"], bot_member=False)
    world.add_channel("G1", "secret", private=True, members=["U1"], bot_member=False)
    world.add_usergroup("S1", "oncall", ["U1"])
    with Server(app(world, weather.middleware), changes=world.changes) as server:
        world.url = server.url
        yield world


@pytest.fixture
def client(world: SlackWorld) -> WebClient:
    return WebClient(token=world.bot_token, base_url=f"{world.url}/api/", retry_handlers=[])


def refusal(call: Any, **arguments: Any) -> str:  # noqa: ANN401
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def test_the_token_says_who_one_is(world: SlackWorld, client: WebClient) -> None:
    assert client.auth_test()["user_id"] == world.bot_user
    assert refusal(WebClient(token="wrong", base_url=client.base_url).auth_test) == "invalid_auth"
    assert refusal(WebClient(base_url=client.base_url).auth_test) == "not_authed"


def test_a_missing_scope_is_named(world: SlackWorld, client: WebClient) -> None:
    world.scopes = {"chat:write"}

    with pytest.raises(SlackApiError) as refused:
        client.users_info(user="U1")

    answer = refused.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "users:read", "chat:write")


def test_reading_a_private_channel_needs_the_scope_of_private_channels(world: SlackWorld, client: WebClient) -> None:
    world.channel("G1").members.append(world.bot_user)
    world.scopes = {"channels:history", "channels:read"}

    assert refusal(client.conversations_history, channel="G1") == "missing_scope"
    assert refusal(client.conversations_info, channel="G1") == "missing_scope"
    assert client.conversations_info(channel="C1")["ok"]


def test_people_have_a_zone_and_an_address_where_the_scope_allows_it(world: SlackWorld, client: WebClient) -> None:
    alice = client.users_info(user="U1")["user"]

    assert (alice["tz"], alice["tz_offset"]) == ("Asia/Kolkata", 19800)
    assert alice["profile"]["email"] == "alice@example.com"
    assert client.users_lookupByEmail(email="alice@example.com")["user"]["id"] == "U1"
    assert client.users_info(user="U2")["user"]["deleted"]
    assert refusal(client.users_info, user="U9") == "user_not_found"
    world.scopes -= {"users:read.email"}
    assert "email" not in client.users_info(user="U1")["user"]["profile"]


def test_lists_come_in_pages(client: WebClient) -> None:
    found = [each["id"] for page in client.users_list(limit=2) for each in page["members"]]

    assert found == ["U0BATON", "U1", "U2", "U3"]


def test_a_usergroup_is_replaced_as_a_whole_and_never_emptied(world: SlackWorld, client: WebClient) -> None:
    assert client.usergroups_users_list(usergroup="S1")["users"] == ["U1"]
    assert client.usergroups_users_update(usergroup="S1", users=["U3"])["usergroup"]["users"] == ["U3"]
    assert refusal(client.usergroups_users_update, usergroup="S1", users=["U2"]) == "invalid_users"
    assert refusal(client.usergroups_users_update, usergroup="S1", users=[]) == "no_users_provided"
    assert refusal(client.usergroups_users_update, usergroup="S9", users=["U1"]) == "no_such_subteam"
    world.forbids_usergroup_changes = True
    assert refusal(client.usergroups_users_update, usergroup="S1", users=["U1"]) == "permission_denied"
    assert client.usergroups_list(include_users=True)["usergroups"][0]["users"] == ["U3"]


def test_a_message_is_posted_with_its_metadata_and_found_by_it(world: SlackWorld, client: WebClient) -> None:
    metadata = {"event_type": "baton", "event_payload": {"key": "7"}}

    ts = client.chat_postMessage(channel="C1", text="hello", metadata=metadata)["ts"]

    assert "metadata" not in client.conversations_history(channel="C1")["messages"][0]
    found = client.conversations_history(channel="C1", include_all_metadata=True)["messages"][0]
    assert (found["ts"], found["metadata"], found["bot_id"]) == (ts, metadata, world.bot_id)


def test_posting_is_refused_where_slack_refuses(world: SlackWorld, client: WebClient) -> None:
    world.add_channel("C3", "old").is_archived = True

    assert refusal(client.chat_postMessage, channel="C2", text="x") == "not_in_channel"
    assert refusal(client.chat_postMessage, channel="G1", text="x") == "channel_not_found"
    assert refusal(client.chat_postMessage, channel="C9", text="x") == "channel_not_found"
    assert refusal(client.chat_postMessage, channel="C3", text="x") == "is_archived"
    assert refusal(client.api_call, api_method="chat.postMessage", json={"channel": "C1", "text": " "}) == "no_text"
    assert refusal(client.chat_postMessage, channel="C1", text="x" * 40_001) == "msg_too_long"
    assert refusal(client.api_call, api_method="chat.postMessage", json={"text": "x"}) == "invalid_arguments"


def test_blocks_slack_would_not_take_are_refused_with_their_place(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(
            channel="C1", text="x", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
        )

    answer = refused.value.response
    message = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert (answer["error"], answer["response_metadata"]["messages"]) == ("invalid_blocks", [message])


def test_blocks_with_too_much_to_read_are_refused_as_a_whole(client: WebClient) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}

    assert client.chat_postMessage(channel="C1", text="x", blocks=[section] * 4)["ok"]
    assert refusal(client.chat_postMessage, channel="C1", text="x", blocks=[section] * 5) == "msg_blocks_too_long"


def test_a_user_id_as_channel_opens_the_direct_conversation(world: SlackWorld, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="U1", text="psst")

    assert posted["channel"] == client.conversations_open(users="U1")["channel"]["id"] == "D1"
    assert [each.text for each in world.person("U1").sees()] == ["psst"]
    assert refusal(client.conversations_open, users="U2") == "user_disabled"


def test_posts_can_be_held_to_one_a_second(world: SlackWorld, client: WebClient, clock: Clock) -> None:
    world.paces_posts = True
    client.chat_postMessage(channel="C1", text="one")

    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C1", text="two")
    clock.now += 1

    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "1")
    assert client.chat_postMessage(channel="C1", text="two")["ok"]


def test_an_ephemeral_message_is_seen_by_one_and_cannot_be_edited(world: SlackWorld, client: WebClient) -> None:
    ts = client.chat_postEphemeral(channel="C1", user="U1", text="only you")["message_ts"]

    assert [each.text for each in world.person("U1").sees("C1")] == ["only you"]
    assert world.messages("C1") == []
    assert refusal(client.chat_update, channel="C1", ts=ts, text="x") == "message_not_found"
    assert refusal(client.chat_postEphemeral, channel="C1", user="U2", text="x") == "user_not_in_channel"


def test_an_update_keeps_what_it_leaves_out(world: SlackWorld, client: WebClient) -> None:
    metadata = {"event_type": "baton", "event_payload": {}}
    blocks = [{"type": "divider"}]
    ts = client.chat_postMessage(channel="C1", text="one", blocks=blocks, metadata=metadata)["ts"]

    client.chat_update(channel="C1", ts=ts, text="two")

    [message] = world.messages("C1")
    assert (message.text, len(message.blocks), message.metadata, message.revisions) == ("two", 1, metadata, ["one"])
    client.chat_update(channel="C1", ts=ts, text="three", blocks=[], metadata={})
    assert (message.blocks, message.metadata) == ([], None)


def test_only_ones_own_messages_can_be_changed(world: SlackWorld, client: WebClient) -> None:
    message = world.post_as("U1", "C1", "mine")

    assert refusal(client.chat_update, channel="C1", ts=message.ts, text="x") == "cant_update_message"
    assert refusal(client.chat_delete, channel="C1", ts=message.ts) == "cant_delete_message"
    assert refusal(client.chat_delete, channel="C1", ts="1.2") == "message_not_found"


def test_history_is_cut_by_time_and_leaves_threads_out(world: SlackWorld, client: WebClient) -> None:
    first, second, third = (world.post_as("U1", "C1", text) for text in ("first", "second", "third"))
    reply = world.post_as("U1", "C1", "reply", thread_ts=first.ts)

    def texts(**arguments: Any) -> list[str]:  # noqa: ANN401
        return [each["text"] for each in client.conversations_history(channel="C1", **arguments)["messages"]]

    assert texts() == ["third", "second", "first"]
    assert texts(latest=second.ts) == ["first"]
    assert texts(latest=second.ts, inclusive=True, limit=1) == ["second"]
    assert texts(oldest=second.ts) == ["third"]
    assert texts(latest=reply.ts, inclusive=True, limit=1) == ["third"]
    assert third.ts > second.ts


def test_replies_begin_with_the_first_message(world: SlackWorld, client: WebClient) -> None:
    first = world.post_as("U1", "C1", "first")
    reply = world.post_as("U1", "C1", "reply", thread_ts=first.ts)

    thread = client.conversations_replies(channel="C1", ts=first.ts)["messages"]

    assert [each["text"] for each in thread] == ["first", "reply"]
    assert (thread[0]["reply_count"], thread[1]["parent_user_id"]) == (1, "U1")
    assert client.conversations_replies(channel="C1", ts=reply.ts)["messages"][0]["text"] == "reply"
    assert refusal(client.conversations_replies, channel="C1", ts="1.2") == "thread_not_found"
    assert refusal(client.conversations_replies, channel="C2", ts="1.2") == "not_in_channel"


def test_replies_are_cut_by_time_and_paged_but_always_begin_with_the_first(
    world: SlackWorld, client: WebClient
) -> None:
    first = world.post_as("U1", "C1", "first")
    replies = [world.post_as("U1", "C1", f"reply {number}", thread_ts=first.ts) for number in range(3)]

    def texts(**asked: Any) -> list[str]:  # noqa: ANN401 - arguments of the method
        return [each["text"] for each in client.conversations_replies(channel="C1", **asked)["messages"]]

    middle = replies[1].ts
    assert texts(ts=first.ts, oldest=middle, latest=middle, inclusive=True) == ["first", "reply 1"]
    assert texts(ts=first.ts, oldest=middle, latest=middle) == ["first"]
    assert texts(ts=first.ts, oldest=middle) == ["first", "reply 2"]
    assert texts(ts=middle, oldest=middle, latest=middle, inclusive=True) == ["reply 1"]
    page = client.conversations_replies(channel="C1", ts=first.ts, limit=3)
    assert ([each["text"] for each in page["messages"]], page["has_more"]) == (["first", "reply 0", "reply 1"], True)
    assert texts(ts=first.ts, limit=3, cursor=page["response_metadata"]["next_cursor"]) == ["reply 2"]


def test_replies_to_a_message_that_was_deleted_begin_with_its_tombstone(world: SlackWorld, client: WebClient) -> None:
    first = world.post_as("U1", "C1", "first")
    world.post_as("U1", "C1", "reply", thread_ts=first.ts)

    world.delete(first)

    thread = client.conversations_replies(channel="C1", ts=first.ts)["messages"]
    assert [each.get("subtype") for each in thread] == ["tombstone", None]
    assert [each["text"] for each in thread] == ["This message was deleted.", "reply"]
    assert refusal(client.chat_getPermalink, channel="C1", message_ts=first.ts) == "message_not_found"


def test_members_come_in_pages_and_private_channels_are_hidden(world: SlackWorld, client: WebClient) -> None:
    page = client.conversations_members(channel="C1", limit=2)

    assert page["members"] == ["U1", "U3"]
    cursor = page["response_metadata"]["next_cursor"]
    assert client.conversations_members(channel="C1", limit=2, cursor=cursor)["members"] == [world.bot_user]
    assert client.conversations_members(channel="C2")["members"] == ["U1"]
    assert refusal(client.conversations_members, channel="G1") == "channel_not_found"


def test_a_permalink_names_message_and_thread(world: SlackWorld, client: WebClient) -> None:
    first = world.post_as("U1", "C1", "first")
    reply = world.post_as("U1", "C1", "reply", thread_ts=first.ts)

    link = client.chat_getPermalink(channel="C1", message_ts=reply.ts)["permalink"]

    assert link.endswith(f"/C1/p{reply.ts.replace('.', '')}?thread_ts={first.ts}&cid=C1")


def test_an_alert_of_a_webhook_has_no_user_and_its_words_in_an_attachment(world: SlackWorld, client: WebClient) -> None:
    world.post_as("U3", "C1", "", attachments=[{"title": "Disk", "text": "90 % full"}], legacy=True)

    [message] = client.conversations_history(channel="C1")["messages"]

    assert (message["subtype"], message["username"], "user" in message) == ("bot_message", "Grafana", False)
    assert world.person("U1").sees("C1")[0].text == "Disk\n90 % full"


def test_channels_are_joined_listed_and_given_a_topic(world: SlackWorld, client: WebClient) -> None:
    assert refusal(client.conversations_setTopic, channel="C2", topic="x") == "not_in_channel"
    client.conversations_join(channel="C2")
    client.conversations_setTopic(channel="C2", topic="on call: alice")

    listed = {each["name"]: each for each in client.conversations_list()["channels"]}
    assert set(listed) == {"production", "random"}
    assert listed["random"]["topic"]["value"] == "on call: alice"
    assert client.conversations_members(channel="C2")["members"] == ["U1", world.bot_user]
    assert refusal(client.conversations_info, channel="G1") == "channel_not_found"


def test_a_topic_comes_back_escaped_and_is_said_in_the_channel(world: SlackWorld, client: WebClient) -> None:
    for _ in range(2):
        client.conversations_setTopic(channel="C1", topic="On call: Bo & Co | <https://a.example|docs> <3")

    kept = "On call: Bo &amp; Co | <https://a.example|docs> &lt;3"
    assert client.conversations_info(channel="C1")["channel"]["topic"]["value"] == kept
    [said] = client.conversations_history(channel="C1")["messages"]
    assert (said["subtype"], said["topic"], said["user"]) == ("channel_topic", kept, world.bot_user)
    assert said["text"] == f"<@{world.bot_user}> set the channel topic: {kept}"
    assert refusal(client.conversations_setTopic, channel="C1", topic="x" * 251) == "too_long"


def test_a_topic_needs_the_right_for_its_kind_of_channel(world: SlackWorld, client: WebClient) -> None:
    world.joins(world.bot_user, "G1")
    world.scopes -= {"groups:write.topic", "groups:write"}

    client.conversations_setTopic(channel="C1", topic="x")
    assert refusal(client.conversations_setTopic, channel="G1", topic="x") == "missing_scope"
    world.scopes = {"channels:manage", "groups:write"}
    client.conversations_setTopic(channel="C1", topic="y")
    client.conversations_setTopic(channel="G1", topic="y")


def test_a_trigger_opens_one_view_for_three_seconds(world: SlackWorld, client: WebClient, clock: Clock) -> None:
    trigger = world.new_trigger("U1")

    assert refusal(client.views_open, trigger_id="nonsense", view=MODAL) == "invalid_trigger_id"
    view = client.views_open(trigger_id=trigger, view=MODAL)["view"]
    assert refusal(client.views_open, trigger_id=trigger, view={**MODAL, "external_id": "x"}) == "exchanged_trigger_id"
    late = world.new_trigger("U1")
    clock.now += 3.1

    assert refusal(client.views_open, trigger_id=late, view=MODAL) == "expired_trigger_id"
    modal = world.person("U1").modal
    assert modal is not None
    assert modal.view.id == view["id"]


def test_an_update_of_a_view_names_it_and_may_name_its_version(world: SlackWorld, client: WebClient) -> None:
    view = client.views_open(trigger_id=world.new_trigger("U1"), view=MODAL)["view"]
    other = {**MODAL, "title": {"type": "plain_text", "text": "Other"}}

    updated = client.views_update(external_id="mine", hash=view["hash"], view=other)["view"]

    assert (updated["id"], updated["title"]["text"]) == (view["id"], "Other")
    assert refusal(client.views_update, view_id=view["id"], hash=view["hash"], view=other) == "hash_conflict"
    assert refusal(client.views_update, view_id="V9", view=other) == "not_found"


def test_views_stack_three_high(world: SlackWorld, client: WebClient) -> None:
    def nameless(n: int) -> dict[str, Any]:
        return {**MODAL, "external_id": f"view {n}"}

    assert refusal(client.views_push, trigger_id=world.new_trigger("U1"), view=MODAL) == "not_found"
    first = client.views_open(trigger_id=world.new_trigger("U1"), view=nameless(1))["view"]
    second = client.views_push(trigger_id=world.new_trigger("U1"), view=nameless(2))["view"]
    client.views_push(trigger_id=world.new_trigger("U1"), view=nameless(3))

    assert (second["root_view_id"], second["previous_view_id"]) == (first["id"], first["id"])
    assert refusal(client.views_push, trigger_id=world.new_trigger("U1"), view=nameless(4)) == "push_limit_reached"


def test_a_home_tab_is_published_for_one_person(world: SlackWorld, client: WebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "On call"}}]}

    view = client.views_publish(user_id="U1", view=home)["view"]

    assert refusal(client.views_publish, user_id="U1", view=home, hash="old") == "hash_conflict"
    shown = world.person("U1").home
    assert shown is not None
    assert (shown.text, shown.view.id) == ("On call", view["id"])


def test_a_file_is_promised_uploaded_and_shown(world: SlackWorld, client: WebClient) -> None:
    answer = client.files_upload_v2(channel="C1", content="a,b\n", filename="log.csv", initial_comment="the log")

    [message] = world.messages("C1")
    assert (message.text, message.files[0].text, message.files[0].name) == ("the log", "a,b\n", "log.csv")
    shown = client.files_info(file=answer["files"][0]["id"])["file"]
    request = urllib.request.Request(shown["url_private"], headers={"Authorization": f"Bearer {world.bot_token}"})
    with urllib.request.urlopen(request) as response:
        assert response.read() == b"a,b\n"


def test_a_picture_has_words_for_those_who_do_not_see_it(world: SlackWorld, client: WebClient) -> None:
    promised = client.files_getUploadURLExternal(filename="graph.png", length=1, alt_txt="a graph")
    urllib.request.urlopen(urllib.request.Request(promised["upload_url"], data=b"x")).close()
    client.files_completeUploadExternal(files=[{"id": promised["file_id"]}], channel_id="C1")

    [message] = client.conversations_history(channel="C1")["messages"]
    assert message["files"][0]["alt_txt"] == "a graph"
    too_long = refusal(client.files_getUploadURLExternal, filename="a", length=1, alt_txt="x" * 1001)
    assert too_long == "alt_txt_too_large"


def test_reactions_are_put_on_once(world: SlackWorld, client: WebClient) -> None:
    message = world.post_as("U1", "C1", "x")

    client.reactions_add(channel="C1", timestamp=message.ts, name="eyes")

    assert refusal(client.reactions_add, channel="C1", timestamp=message.ts, name="eyes") == "already_reacted"
    shown = client.reactions_get(channel="C1", timestamp=message.ts)["message"]
    assert shown["reactions"] == [{"name": "eyes", "users": [world.bot_user], "count": 1}]


def test_a_response_url_is_good_for_five_answers_in_half_an_hour(world: SlackWorld, clock: Clock) -> None:
    hook = WebhookClient(world.new_response_url("U1", "C2"))

    statuses = [hook.send(text=str(n)).status_code for n in range(6)]
    late = WebhookClient(world.new_response_url("U1", "C2"))
    clock.now += 1801

    assert statuses == [200] * 5 + [404]
    assert [each.text for each in world.person("U1").sees("C2")] == ["0", "1", "2", "3", "4"]
    assert late.send(text="late").status_code == 404


def test_a_response_url_replaces_and_deletes_also_what_only_one_person_sees(
    world: SlackWorld, client: WebClient
) -> None:
    client.chat_postEphemeral(channel="C1", user="U1", text="only you")
    [seen] = world.person("U1").sees("C1")
    hook = WebhookClient(world.new_response_url("U1", "C1", seen.message))

    hook.send(text="changed", replace_original=True)
    assert world.person("U1").reads("C1") == "baton (only visible to you): changed"
    hook.send(delete_original=True)
    assert world.person("U1").sees("C1") == []
    hook.send(text="to all", response_type="in_channel")
    assert [each.text for each in world.messages("C1")] == ["to all"]


def test_bad_weather_is_felt_by_the_client(world: SlackWorld, client: WebClient, weather: Weather) -> None:
    weather.drops_after(match="chat.postMessage")

    with pytest.raises(Exception, match=r"(?i)remote|reset|closed"):
        client.chat_postMessage(channel="C1", text="heard, but never said so")

    assert [each.text for each in world.messages("C1")] == ["heard, but never said so"]


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    assert refusal(client.api_call, api_method="chat.sing") == "unknown_method"
    assert "chat.postMessage" in METHODS

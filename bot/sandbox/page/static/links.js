// Links that lead to what stands on this page: a message by its permalink, an issue by its address. Others go their way.
//
// With a key held down, or the middle button, they open as the browser would.

const MESSAGE = /^https:\/\/[\w-]+\.slack\.com\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?(?:.*&)?thread_ts=(\d{10}\.\d{6}))?/;
const ITEM = /\/-\/(issues|merge_requests)\/(\d+)(?:#.*)?$/;

/** `page.goTo({channel, ts, thread})` and `page.openItem(kind, number)` say whether it is there; `page.gitlab` is where GitLab is. */
export function start(page) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const message = MESSAGE.exec(link.href);
    const item = page.gitlab && link.href.startsWith(`${page.gitlab}/-/`) && ITEM.exec(link.href);
    if (!message && !item) return;
    event.preventDefault();
    if (message) page.goTo({ channel: message[1], ts: `${message[2]}.${message[3]}`, thread: message[4] ?? null });
    else page.openItem(item[1] === "issues" ? "issue" : "merge_request", Number(item[2]));
  });
}

#!/usr/bin/env python3
"""Proves from logs what the nodes promise: check_delivery.py LOG... [--json]. Ends with 1 and says what is wrong when
something is.

A log is a file of JSON objects, one a line, in any order; all logs of a run are read together. `t` is in seconds of one
clock for the whole run.

  a publisher writes, before it asks and when it has its answer:
    {"what": "publish", "t": 1.0, "by": "p1", "seq": 7, "channel": "room"}
    {"what": "answer", "t": 1.1, "by": "p1", "seq": 7, "success": 9, "fail": 0, "unreachable": []}
    {"what": "answer", "t": 1.1, "by": "p1", "seq": 7, "error": "why"}
  a client, or whoever keeps its log:
    {"what": "open", "t": 0.5, "client": "c1", "node": "n1"}
    {"what": "subscribed", "t": 0.6, "client": "c1", "channel": "room"}       once it is in force
    {"what": "got", "t": 1.1, "client": "c1", "channel": "room", "by": "p1", "seq": 7}
    {"what": "unsubscribed", "t": 2.0, "client": "c1", "channel": "room"}     before it asks for it
    {"what": "closed", "t": 3.0, "client": "c1", "code": 1012}                the server or the network ended it
    {"what": "end", "t": 3.0, "client": "c1"}                                 it left, after it had read what was due
  the test:
    {"what": "cut", "node": "n1", "from": 1.5, "to": 2.5}       known to be cut off: publications then may be missed
  a worker that consumes open and close events, and the test about what is still connected:
    {"what": "opened", "t": 0.5, "connection": "17"}, {"what": "gone", "t": 3.0, "connection": "17"}
    {"what": "alive", "connection": "18"}
  whoever pushes jobs, when the queue has accepted one, and the workers, when they have one in hand and before they ack it:
    {"what": "pushed", "t": 1.0, "job": "a1"}, {"what": "job", "t": 1.1, "job": "a1"}, {"what": "acked", "t": 1.2, "job": "a1"}

What must hold:
  order       a client hears one publisher on one channel in the order of its calls
  duplicate   and nothing twice
  invented    and nothing that was not published there
  gap         what was answered with success, nothing failed and nobody unreachable, arrived at every client that was
              subscribed from before the call until after the answer. Excused: the client's node was cut off meanwhile, or
              the client's connection was lost within GRACE of the answer, with what waited in its outbox
  count       such an answer counted at least those clients
  close       exactly one close event for each open event, unless it is alive
  job         every job that was pushed was acked; more deliveries than one are counted, not wrong
  log         a client's log has its end, and answers have their questions
"""
import argparse
import collections
import json
import pathlib
import sys

GRACE = 1.0
MOST_SHOWN = 20


class Report:
    """`problems` are (rule, text); `counts` what was looked at and what was excused."""

    def __init__(self):
        self.problems, self.counts = [], collections.Counter()

    def wrong(self, rule, text):
        self.problems.append((rule, text))

    def rules(self):
        return sorted({rule for rule, _ in self.problems})

    def text(self):
        lines = [f"{name}: {number}" for name, number in sorted(self.counts.items())]
        lines += [f"WRONG {rule}: {text}" for rule, text in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"… and {len(self.problems) - MOST_SHOWN} more")
        lines.append(f"{len(self.problems)} wrong" if self.problems else "everything holds")
        return "\n".join(lines)


class Client:
    """One connection of a client: when it was subscribed to what, and what it heard."""

    def __init__(self, name, node):
        self.name, self.node, self.left, self.lost = name, node, None, None
        self.spans = []  # [channel, from, until or None]
        self.heard = collections.defaultdict(list)  # (publisher, channel) -> seq as they came

    def subscribed(self, channel, at):
        self.spans.append([channel, at, None])

    def unsubscribed(self, channel, at):
        for span in self.spans:
            if span[0] == channel and span[2] is None:
                span[2] = at

    def ends(self, at, lost):
        self.left, self.lost = at, at if lost else None

    def listens(self, channel, start, end):
        """From before `start` until after `end`, without a break."""
        return any(name == channel and since <= start and (until is None or until >= end)
                   for name, since, until in self.spans) and (self.left is None or self.left >= end)


def read(paths):
    for path in paths:
        lines = pathlib.Path(path).read_text().splitlines()
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except ValueError:
                if number < len(lines):  # a process that is killed may leave half of its last line
                    raise SystemExit(f"{path}:{number}: this is no JSON")


def check(entries):
    """A Report about the entries of all logs."""
    report, by_kind = Report(), collections.defaultdict(list)
    for entry in entries:
        by_kind[entry["what"]].append(entry)
    clients = clients_of(by_kind, report)
    published = {(one["by"], one["seq"]): one for one in by_kind["publish"]}
    check_heard(clients, published, report)
    check_gaps(clients, published, by_kind, report)
    check_closes(by_kind, report)
    check_jobs(by_kind, report)
    return report


def clients_of(by_kind, report):
    clients = {}
    for one in by_kind["open"]:
        clients[one["client"]] = Client(one["client"], one["node"])
    changes = [one for kind in ("subscribed", "unsubscribed", "closed", "end") for one in by_kind[kind]]
    for one in sorted(changes, key=lambda entry: entry["t"]):
        client, kind = clients.get(one["client"]), one["what"]
        if client is None:
            report.wrong("log", f"{one['client']} has no open")
        elif kind in ("closed", "end"):
            client.ends(one["t"], kind == "closed")
        else:
            getattr(client, kind)(one["channel"], one["t"])
    for one in sorted(by_kind["got"], key=lambda entry: entry["t"]):  # stable: equal times stay as they were written
        if one["client"] in clients:
            clients[one["client"]].heard[one["by"], one["channel"]].append(one["seq"])
    for client in clients.values():
        if client.left is None:
            report.wrong("log", f"the log of {client.name} has no end")
    report.counts["clients"] = len(clients)
    return clients


def check_heard(clients, published, report):
    for client in clients.values():
        for (by, channel), numbers in client.heard.items():
            report.counts["deliveries"] += len(numbers)
            highest, seen = -1, set()
            for seq in numbers:
                if published.get((by, seq), {}).get("channel") != channel:
                    report.wrong("invented", f"{client.name} heard {by}/{seq} on {channel}")
                if seq in seen:
                    report.wrong("duplicate", f"{client.name} heard {by}/{seq} on {channel} twice")
                elif seq < highest:
                    report.wrong("order", f"{client.name} heard {by}/{seq} on {channel} after {by}/{highest}")
                seen.add(seq)
                highest = max(highest, seq)


def check_gaps(clients, published, by_kind, report):
    cuts = collections.defaultdict(list)
    for one in by_kind["cut"]:
        cuts[one["node"]].append((one["from"], one["to"]))
    heard = {name: {key: set(numbers) for key, numbers in client.heard.items()} for name, client in clients.items()}
    report.counts["publications"] = len(published)
    answered = 0
    for answer in by_kind["answer"]:
        asked = published.get((answer["by"], answer["seq"]))
        if asked is None:
            report.wrong("log", f"an answer to {answer['by']}/{answer['seq']}, which was not published")
            continue
        answered += 1
        if answer.get("error") or answer.get("fail") or answer.get("unreachable"):
            report.counts["answers that say it is incomplete"] += 1
            continue
        check_gap(clients.values(), heard, cuts, asked, answer, report)
    report.counts["publications without an answer"] = len(published) - answered


def check_gap(clients, heard, cuts, asked, answer, report):
    """One publication that is said to have reached everybody."""
    name, start, end, steady = f"{asked['by']}/{asked['seq']}", asked["t"], answer["t"], 0
    for client in clients:
        if not client.listens(asked["channel"], start, end):
            continue
        if any(since <= end and until >= start for since, until in cuts[client.node]):
            report.counts["excused: the node was cut off"] += 1
            continue
        steady += 1
        if asked["seq"] in heard[client.name].get((asked["by"], asked["channel"]), ()):
            continue
        if client.lost is not None and client.lost <= end + GRACE:
            report.counts["excused: lost with its connection"] += 1
            continue
        report.wrong("gap", f"{client.name} on {client.node} did not hear {name}, published at {start:.3f} on {asked['channel']}")
    if answer.get("success", 0) < steady:
        report.wrong("count", f"{name} was answered with {answer.get('success', 0)}, and {steady} were there")


def check_closes(by_kind, report):
    opened = collections.Counter(one["connection"] for one in by_kind["opened"])
    gone = collections.Counter(one["connection"] for one in by_kind["gone"])
    alive = {one["connection"] for one in by_kind["alive"]}
    report.counts["open events"], report.counts["close events"] = opened.total(), gone.total()
    for connection, number in opened.items():
        if number > 1:
            report.wrong("close", f"{number} open events of {connection}")
        if connection in alive and gone[connection]:
            report.wrong("close", f"{connection} is alive and has {gone[connection]} close events")
        if connection not in alive and gone[connection] != 1:
            report.wrong("close", f"{gone[connection]} close events of {connection}")
    for connection in gone.keys() - opened.keys():
        report.wrong("close", f"{connection} was closed and never opened")


def check_jobs(by_kind, report):
    pushed = {one["job"] for one in by_kind["pushed"]}
    delivered = collections.Counter(one["job"] for one in by_kind["job"])
    acked = collections.Counter(one["job"] for one in by_kind["acked"])
    if pushed:
        report.counts["jobs"] = len(pushed)
        report.counts["jobs delivered again"] = sum(number - 1 for number in delivered.values())
        report.counts["jobs acked again"] = sum(number - 1 for number in acked.values())
    for job in sorted(pushed - acked.keys()):
        report.wrong("job", f"{job} was pushed and never acked; it was delivered {delivered[job]} times")
    for job in sorted(acked.keys() - delivered.keys()):
        report.wrong("job", f"{job} was acked and never delivered")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("logs", nargs="+")
    parser.add_argument("--json", action="store_true", help="the counts and what is wrong as JSON")
    options = parser.parse_args()
    report = check(read(options.logs))
    print(json.dumps({"counts": report.counts, "problems": report.problems}) if options.json else report.text())
    return bool(report.problems)


if __name__ == "__main__":
    sys.exit(main())

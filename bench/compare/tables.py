"""The tables of docs/benchmarks.md: pure text from what a Bench found."""
import sections
from peers import TITLES
from runner import cpu, latency

ECHO_TARGETS = {("64 B", "1 in flight"): 1.10, ("64 B", "16 in flight"): 1.25}


def number(value, form="{:.2f}"):
    return "–" if value is None else form.format(value)


def verdict(value, limit):
    """`met`, or by how much it is missed, of the figure as it is printed; nothing where there is no target."""
    if value is None or limit is None:
        return "–"
    value = round(value, 2)
    return f"≤ {limit:g}: met" if value <= limit else f"≤ {limit:g}: **missed by {100 * (value / limit - 1):.0f} %**"


def table(heads, lines):
    lines = [line for line in lines if line]
    return ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *("| " + " | ".join(line) + " |" for line in lines)] \
        if lines else []


def peer_names(bench, rows):
    return [name for name in TITLES if any(name in bench.found.get(row, {}) for row in rows)]


def beside_floors(bench, rows, unit, target_of):
    """One table line for each row: floor, weft and their ratio on both flush paths, then the peers."""
    names = peer_names(bench, rows)
    heads = [f"CPU µs per {unit}", "floor", "weft", "ratio", "target"]
    if "uring" in bench.paths:
        heads += ["floor, io_uring", "weft, io_uring", "ratio", "target"]
    lines = []
    for row in rows:
        line = [row]
        for io in bench.paths:
            ratio = bench.ratio(row, f"weft-{io}", row, f"floor-{io}", cpu)
            line += [number(bench.median(row, f"{server}-{io}", cpu)) for server in ("floor", "weft")]
            line += [number(ratio, "{:.2f} ×"), verdict(ratio, target_of(row))]
        line += [number(bench.median(row, name, cpu)) for name in names]
        lines.append(line if row in bench.found else None)
    return table(heads + [TITLES[name] for name in names], lines)


def echo(bench, quick):
    def target_of(row):
        size, _, inflight = row.split(", ")
        return ECHO_TARGETS.get((size, inflight))
    return beside_floors(bench, [row for row, *_ in sections.echo_rows(quick)], "echoed message", target_of)


def fanout(bench, quick):
    rows = [row for row, *_ in sections.fanout_rows(quick)]
    return [*beside_floors(bench, rows, "delivery", lambda row: 1.10 if row.endswith(" 1 in flight") else 1.25),
            *fanout_times(bench, rows)]


def fanout_times(bench, rows):
    names = [f"{server}-{io}" for io in bench.paths for server in ("floor", "weft")] + peer_names(bench, rows)
    lines = [[row, *(number(bench.median(row, name, lambda report: report["latency_us"]["p50"] / 1000)) for name in names)]
             for row in rows if row in bench.found]
    return ["", *table(["publish to last delivery, p50, ms", *(TITLES.get(name, name) for name in names)], lines)]


IDLE_TARGETS = {"plain": 512, "subscribed to one channel": 640, "TLS": 12 * 1024}


def idle(bench, _quick):
    heads = ["bytes per idle connection", "server", "user", "of it anonymous", "kernel, both ends", "user after they left",
             "CPU µs per connection and second", "target"]
    lines = []
    for row in sections.IDLE_ROWS:
        for name in ["floor-epoll", "weft", *TITLES]:
            user = bench.median(row, name, lambda report: report["rss_per_connection"])
            if user is None:
                continue
            lines.append([row, TITLES.get(name, name.replace("-epoll", "")), number(user, "{:,.0f}"),
                          number(bench.median(row, name, lambda report: report["anon_per_connection"]), "{:,.0f}"),
                          number(bench.median(row, name, lambda report: report["kernel_per_connection"]), "{:,.0f}"),
                          number(bench.median(row, name, remains), "{:.0f} %"),
                          number(bench.median(row, name, lambda report: report.get("cpu_us_per_connection_second")), "{:.2f}"),
                          verdict(user, IDLE_TARGETS.get(row)) if name == "weft" else ""])
    return table(heads, lines)


def remains(report):
    """Percent of what the connections took that is still there after they left."""
    grown = report["full"]["rss"] - report["base"]["rss"]
    return 100 * (report["after"]["rss"] - report["base"]["rss"]) / grown if grown > 0 else 0


def churn(bench, _quick):
    return beside_floors(bench, ["connect + upgrade + close"], "connection", lambda _: 1.25)


def against(bench, base_row, row, server, limit, heads):
    """Two rows of one server, the second judged by the first."""
    ratio = bench.ratio(row, server, base_row, server, cpu)
    line = [number(bench.median(base_row, server, cpu)), number(bench.median(row, server, cpu)), number(ratio, "{:.2f} ×"),
            verdict(ratio, limit), *(number(bench.median(row, server, latency(name)), "{:,.0f}") for name in ("p50", "p99"))]
    return table(heads, [line if ratio else None])


def lua(bench, _quick):
    return against(bench, *sections.LUA_ROWS, "weft", 1.25,
                   ["CPU µs per message: plain echo", "Lua echo", "ratio", "target", "p50 µs", "p99 µs"])


def events(bench, _quick):
    return against(bench, *sections.EVENTS_ROWS, "weft", 1.3,
                   ["CPU µs per message of 64 B: plain echo", "envelope → C++ listener → envelope", "ratio", "target",
                    "p50 µs", "p99 µs"])


def late(bench, rows, server):
    """A warning where answers did not keep up with the rate: then CPU per message is that of a backlog."""
    kept = [bench.median(row, server, lambda report: report["per_second"] / report["rate_asked"]) for row in rows]
    return ["", "The rate was not kept up with: these figures are those of a machine that was too busy."] \
        if any(share is not None and share < 0.95 for share in kept) else []


def queue(bench, _quick):
    return queue_ratio(bench) + late(bench, sections.QUEUE_ROWS, "weft")


def queue_ratio(bench):
    return against(bench, *sections.QUEUE_ROWS, "weft", 4,
                   ["CPU µs of weft per message at 20,000/s: plain echo", "client → Lua → queue → C++ worker → client",
                    "ratio", "target", "p50 µs", "p99 µs"])


def loops(bench, _quick):
    one, two = "weft, one loop", "weft, two loops"
    rate = lambda report: report["per_second"]
    lines = [[row, *(number(bench.median(row, server, rate), "{:,.0f}") for server in (one, two)),
              number(bench.ratio(row, two, row, one, rate), "{:.2f} ×"),
              *(number(bench.median(row, server, cpu)) for server in (one, two)),
              number(bench.ratio(row, two, row, one, cpu), "{:.2f} ×")] for row in sections.LOOP_ROWS if row in bench.found]
    return table(["one loop and two", "per second, one", "two", "ratio", "CPU µs each, one", "two", "ratio"], lines)


def slow(bench, quick):
    lines = []
    for row, _, count in sections.SLOW_ROWS[quick:]:
        slowed = f"{row}, {count} of them slow"
        every = lambda report: report["delivery_us"]["p99"]
        ratio = bench.ratio(slowed, "weft", row, "weft", every)
        if ratio is None:
            continue
        lines.append([row, number(bench.median(row, "weft", every), "{:,.0f}"),
                      number(bench.median(slowed, "weft", every), "{:,.0f}"), number(ratio, "{:.2f} ×"), verdict(ratio, 1.10),
                      number(bench.median(row, "weft", cpu)), number(bench.median(slowed, "weft", cpu)),
                      f"{bench.median(slowed, 'weft', lambda report: report['slow_closed']):.0f} of {count}"])
    return table(["slow readers: p99 of a delivery to the others, µs", "all read", "10 do not", "ratio", "target",
                  "CPU µs per delivery, all read", "10 do not", "closed"], lines)


def flood(bench, _quick):
    lines = []
    for count in sections.FLOOD_COUNTS:
        for server in ("floor-epoll", "weft"):
            row = sections.flood_row(count)
            if server in bench.found.get(row, {}):
                lines.append([row, server.replace("-epoll", ""),
                              *(number(bench.median(row, server, latency(name)), "{:,.0f}") for name in ("p50", "p99", "p99.9")),
                              number(bench.median(row, server, lambda report: report.get("flood_per_second", 0)), "{:,.0f}")])
    return table(["100 connections, 5,000 messages/s, 64 B", "server", "p50 µs", "p99 µs", "p99.9 µs", "flood, messages/s"],
                 lines)


TITLE = {"echo": "Echo", "fanout": "Fan-out", "idle": "Idle connections", "churn": "Coming and going", "lua": "Lua", "events": "C++ listeners",
         "queue": "The queue", "loops": "Two loops", "slow": "Slow readers", "flood": "One that floods"}
ALL = {"echo": echo, "fanout": fanout, "idle": idle, "churn": churn, "lua": lua, "events": events, "queue": queue, "loops": loops,
       "slow": slow, "flood": flood}

#!/usr/bin/env python3
"""The checker finds what is wrong in doctored logs, and nothing in an honest one. Run by ctest, label lint."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import check_delivery
from check_delivery import check


def publish(seq, t, by="p", channel="room"):
    return {"what": "publish", "t": t, "by": by, "seq": seq, "channel": channel}


def answer(seq, t, success=1, by="p", **more):
    return {"what": "answer", "t": t, "by": by, "seq": seq, "success": success, "fail": 0, "unreachable": [], **more}


def got(seq, t, client="c", by="p", channel="room"):
    return {"what": "got", "t": t, "client": client, "channel": channel, "by": by, "seq": seq}


def client(name="c", node="n1", since=0.0):
    return [{"what": "open", "t": since, "client": name, "node": node},
            {"what": "subscribed", "t": since, "client": name, "channel": "room"}]


def end(t, name="c"):
    return {"what": "end", "t": t, "client": name}


def closed(t, name="c"):
    return {"what": "closed", "t": t, "client": name, "code": 1006}


def said(*numbers):
    """Publications of `p`, one a second, answered 0.1 s later."""
    return [entry for seq in numbers for entry in (publish(seq, seq), answer(seq, seq + 0.1))]


class CheckDeliveryTest(unittest.TestCase):
    def rules(self, *entries):
        return check(entries).rules()

    def counts(self, *entries):
        return check(entries).counts

    def test_an_honest_log_holds(self):
        self.assertEqual(self.rules(*client(), *said(1, 2, 3), got(1, 1), got(2, 2), got(3, 3), end(9)), [])

    # --- order, duplicates

    def test_a_swapped_pair_is_out_of_order(self):
        self.assertEqual(self.rules(*client(), *said(1, 2), got(2, 2), got(1, 2.1), end(9)), ["order"])

    def test_each_publisher_and_channel_has_an_order_of_its_own(self):
        other = [publish(1, 3, by="q"), publish(3, 4, channel="hall")]
        self.assertEqual(self.rules(*client(), *said(1, 2), *other, got(1, 1), got(2, 2), got(1, 3, by="q"),
                                    got(3, 4, channel="hall"), end(9)), [])

    def test_the_same_twice_is_a_duplicate(self):
        self.assertEqual(self.rules(*client(), *said(1), got(1, 1), got(1, 1.5), end(9)), ["duplicate"])

    def test_what_nobody_published_is_invented(self):
        self.assertEqual(self.rules(*client(), *said(1), got(1, 1), got(2, 2), end(9)), ["invented"])
        self.assertEqual(self.rules(*client(), *said(1), got(1, 1), got(1, 1, channel="hall"), end(9)), ["invented"])

    # --- gaps

    def test_what_was_answered_as_complete_and_did_not_come_is_a_gap(self):
        self.assertEqual(self.rules(*client(), *said(1, 2, 3), got(1, 1), got(3, 3), end(9)), ["gap"])

    def test_an_answer_that_says_it_is_incomplete_excuses(self):
        for word in ({"error": "no bus"}, {"fail": 1}, {"unreachable": ["n1"]}):
            self.assertEqual(self.rules(*client(), publish(1, 1), answer(1, 1.1, **word), end(9)), [], word)

    def test_without_an_answer_nothing_was_promised(self):
        counts = self.counts(*client(), publish(1, 1), end(9))
        self.assertEqual(counts["publications without an answer"], 1)

    def test_who_came_during_the_publication_may_miss_it(self):
        self.assertEqual(self.rules(*client(since=1.05), publish(1, 1), answer(1, 1.1, success=0), end(9)), [])

    def test_who_left_before_the_answer_may_miss_it(self):
        left = {"what": "unsubscribed", "t": 1.05, "client": "c", "channel": "room"}
        self.assertEqual(self.rules(*client(), publish(1, 1), answer(1, 1.1, success=0), left, end(9)), [])

    def test_who_came_back_must_hear_again(self):
        left = {"what": "unsubscribed", "t": 2, "client": "c", "channel": "room"}
        again = {"what": "subscribed", "t": 3, "client": "c", "channel": "room"}
        self.assertEqual(self.rules(*client(), left, again, *said(4), end(9)), ["gap"])

    def test_a_connection_lost_soon_after_the_answer_takes_its_outbox_along(self):
        self.assertEqual(self.rules(*client(), *said(1), closed(1.1 + check_delivery.GRACE / 2)), [])
        self.assertEqual(self.rules(*client(), *said(1), closed(1.1 + check_delivery.GRACE * 2)), ["gap"])

    def test_only_the_node_that_was_cut_off_is_excused_and_only_then(self):
        cut = {"what": "cut", "node": "n1", "from": 0.5, "to": 1.5}
        self.assertEqual(self.rules(*client(), *said(1), cut, end(9)), [])
        self.assertEqual(self.rules(*client(node="n2"), *said(1), cut, end(9)), ["gap"])
        self.assertEqual(self.rules(*client(), *said(2), cut, end(9)), ["gap"])

    def test_an_answer_may_not_count_less_than_were_there(self):
        self.assertEqual(self.rules(*client(), *client("d"), *said(1), got(1, 1), got(1, 1, "d"), end(9), end(9, "d")), ["count"])

    # --- closes

    def events(self, *words):
        return [{"what": word, "t": 1, "connection": "7"} for word in words]

    def test_one_close_for_each_open(self):
        self.assertEqual(self.rules(*self.events("opened", "gone")), [])
        self.assertEqual(self.rules(*self.events("opened", "alive")), [])
        for words in (["opened"], ["opened", "gone", "gone"], ["gone"], ["opened", "opened", "gone"], ["opened", "gone", "alive"]):
            self.assertEqual(self.rules(*self.events(*words)), ["close"], words)

    # --- jobs

    def jobs(self, *words):
        return [{"what": word, "t": 1, "job": "a"} for word in words]

    def test_a_job_that_was_pushed_is_acked(self):
        self.assertEqual(self.rules(*self.jobs("pushed", "job", "acked")), [])
        self.assertEqual(self.rules(*self.jobs("pushed")), ["job"])
        self.assertEqual(self.rules(*self.jobs("pushed", "job")), ["job"])
        self.assertEqual(self.rules(*self.jobs("pushed", "acked")), ["job"])

    def test_a_job_that_comes_again_is_counted(self):
        counts = self.counts(*self.jobs("pushed", "job", "job", "job", "acked"))
        self.assertEqual(counts["jobs delivered again"], 2)

    # --- the logs

    def test_a_clients_log_must_have_its_end(self):
        self.assertEqual(self.rules(*client()), ["log"])

    def test_answers_and_clients_have_their_beginning(self):
        self.assertEqual(self.rules(answer(1, 1)), ["log"])
        self.assertEqual(self.rules(end(1)), ["log"])

    def test_the_command_reads_files_and_ends_with_1_when_something_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            run = lambda: subprocess.run([sys.executable, check_delivery.__file__, log], capture_output=True, text=True)
            lines = [json.dumps(entry) for entry in [*client(), *said(1, 2), got(1, 1), got(2, 2), end(9)]]
            log.write_text("\n".join(lines) + '\n{"what": "got", "t": 9')  # cut off where its writer was killed
            good = run()
            self.assertEqual((good.returncode, good.stdout.splitlines()[-1]), (0, "everything holds"))
            log.write_text("\n".join(line for line in lines if '"got"' not in line))
            bad = run()
            self.assertEqual((bad.returncode, bad.stdout.splitlines()[-1]), (1, "2 wrong"))
            log.write_text("nonsense\n" + lines[0])
            self.assertNotEqual(run().returncode, 0)


if __name__ == "__main__":
    unittest.main()

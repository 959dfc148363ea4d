"""What was promised as a test of its own stands here by name, with where it is: the 23 weaknesses of the cluster that ours takes
the place of, and the rows of faults. A row whose test is gone, or was renamed, fails."""
import re

import pytest
from weft_process import ROOT

# The weakness -> file and test. Those of middleware and handshakes need one node only.
WEAKNESSES = {
    "1 bindings are never removed": ("tests/cluster/test_users.py", "test_who_logs_out_or_goes_is_not_reached_any_more"),
    "2 logout removes the wrong field": ("tests/cluster/test_users.py", "test_another_user_on_the_same_connection_takes_its_place"),
    "3 one connection per user": ("tests/cluster/test_users.py", "test_every_connection_of_a_user_hears_on_whichever_node_it_is"),
    "4 an old socket's end removes the new binding": ("tests/cluster/test_users.py",
                                                      "test_the_end_of_an_old_connection_leaves_the_new_one_bound"),
    "5 a consumer's crash loses the message": ("tests/cluster/test_jobs.py", "test_workers_that_die_with_jobs_in_hand_lose_none"),
    "6 a dead node is never cleaned up": ("tests/cluster/test_users.py", "test_a_killed_nodes_connections_end_once"),
    "7 the target's death is not checked": ("tests/cluster/test_orders.py", "test_who_sends_to_a_dead_node_is_told"),
    "8 clocks of machines are compared": ("tests/cluster/test_clock.py", "test_a_node_whose_clock_jumps_stays_and_hears_everything"),
    "9 a node that just beat is removed": ("tests/cluster/test_nodes.py",
                                           "test_a_stopped_node_is_held_for_dead_learns_it_and_comes_back"),
    "10 the heartbeat is a consumer's": ("tests/cluster/test_nodes.py",
                                         "test_a_node_without_workers_or_with_a_stuck_script_is_not_given_up"),
    "11 who sends elsewhere then reads elsewhere": ("tests/cluster/test_orders.py",
                                                    "test_a_consumer_that_sends_to_other_nodes_gets_its_own_jobs_and_no_others"),
    "12 no local receiver": ("tests/cluster/test_users.py", "test_nobody_is_told_nothing_and_counted_so"),
    "13 no order per receiver": ("tests/cluster/test_nodes.py", "test_what_is_published_anywhere_is_heard_everywhere_in_order"),
    "14 polling for ten seconds": ("tests/cluster/test_bus.py", "test_a_subscription_is_in_force_everywhere_when_it_is_answered"),
    "15 a message per receiver": ("tests/cluster/test_bus.py",
                                  "test_a_publication_is_one_message_for_a_node_however_many_listen_there"),
    "16 what middleware sets is lost": ("tests/integration/test_middleware.py",
                                        "test_row_16_what_middleware_sets_reaches_client_and_connection"),
    "17 the onion is not unwound": ("tests/integration/test_middleware.py", "test_row_17_who_was_entered_runs_its_way_out"),
    "18 serialized objects on the bus": ("tests/cluster/test_bus.py", "test_garbage_on_the_bus_is_counted_and_dropped"),
    "19 a broadcast is encoded for each server": ("tests/cluster/test_users.py", "test_everybody_on_every_node_hears_it"),
    "20 bytes cannot cross": ("tests/cluster/test_bus.py", "test_bytes_stay_bytes_and_their_order"),
    "21 a close elsewhere skips the handler": ("tests/cluster/test_orders.py", "test_a_close_from_another_node_is_a_close_like_any_other"),
    "22 always true": ("tests/cluster/test_orders.py", "test_answers_count_what_other_nodes_did"),
    "23 the token is echoed": ("tests/integration/test_middleware.py",
                               "test_row_23_one_protocol_is_selected_and_the_token_is_not_echoed"),
}

# The fault -> the same. What concerns history waits for history.
FAULTS = {
    "1 a node is killed": ("tests/cluster/test_nodes.py", "test_a_node_that_is_killed_goes_and_a_new_one_in_its_place_is_another"),
    "2, 7 the broker is killed, with its files": ("tests/cluster/test_broker_faults.py",
                                                  "test_the_broker_is_killed_and_comes_back_with_what_it_knew"),
    "2 no job is lost with the broker": ("tests/cluster/test_queues.py", "test_a_killed_broker_loses_no_job"),
    "1 no job is lost with a node": ("tests/cluster/test_queues.py", "test_a_killed_node_loses_no_job"),
    "a rolling restart": ("tests/cluster/test_queues.py", "test_a_rolling_restart_loses_no_job"),
    "3 the broker forgets": ("tests/cluster/test_broker_faults.py", "test_the_broker_comes_back_and_knows_nothing"),
    "4 failover with cut replication": ("tests/cluster/test_sentinel.py", "test_what_the_replica_never_heard_of_is_told_again"),
    "5 failover, then refused for long": ("tests/cluster/test_sentinel.py", "test_a_master_that_refuses_for_long_is_not_given_up"),
    "9 cut off for 5 s": ("tests/cluster/test_broker_faults.py", "test_a_short_outage_is_nothing_but_a_catch_up"),
    "9 cut off for 15 s": ("tests/cluster/test_broker_faults.py",
                           "test_a_node_that_is_cut_off_for_longer_is_fenced_and_comes_back"),
    "10 half-open": ("tests/cluster/test_broker_faults.py", "test_a_broker_that_vanishes_is_found_by_the_probe"),
    "11 the broker hangs": ("tests/cluster/test_broker_faults.py", "test_a_hanging_broker_is_noticed_and_nothing_piles_up"),
    "12 a slow, narrow way": ("tests/cluster/test_broker_faults.py", "test_a_slow_narrow_way_to_the_broker_delays_and_loses_nothing"),
    "13 a node is stopped for 20 s": ("tests/cluster/test_users.py",
                                      "test_a_stopped_nodes_connections_end_once_although_it_comes_back"),
    "14 workers are killed": ("tests/cluster/test_jobs.py", "test_workers_that_die_with_jobs_in_hand_lose_none"),
    "14 a poisoned job": ("tests/cluster/test_jobs.py", "test_a_job_that_kills_every_worker_ends_as_a_dead_letter"),
    "15 clocks jump": ("tests/cluster/test_clock.py", "test_a_node_whose_clock_jumps_stays_and_hears_everything"),
    "19 garbage on the bus": ("tests/cluster/test_bus.py", "test_garbage_on_the_bus_is_counted_and_dropped"),
    "19 flipped bits": ("tests/cluster/test_bus.py", "test_a_flipped_bit_is_counted_and_nothing_of_its_packet_delivered"),
    "19 wrong bytes on the way": ("tests/cluster/test_bus.py", "test_wrong_bytes_on_the_way_to_the_broker_are_not_delivered"),
    "21 two applications": ("tests/cluster/test_bus.py", "test_two_applications_share_a_broker_and_hear_nothing_of_each_other"),
    "22 rights are taken away": ("tests/cluster/test_bus.py", "test_rights_that_are_taken_away_are_named_and_come_back"),
    "23 everything is deleted": ("tests/cluster/test_broker_faults.py", "test_everything_is_deleted_while_they_talk"),
}


@pytest.mark.parametrize("row", [*WEAKNESSES.items(), *FAULTS.items()], ids=lambda row: row[0])
def test_the_row_has_its_test(row):
    file, test = row[1]
    assert re.search(rf"^def {test}\(", (ROOT / file).read_text(), re.M), f"{file} has no {test}"


def test_all_weaknesses_are_here():
    assert [int(name.split()[0]) for name in WEAKNESSES] == list(range(1, 24))

"""examples/events does what its README says."""
from raw_websocket import RawWebSocket


def test_the_question_of_the_readme_is_answered(start_weft):
    weft = start_weft(own="examples/events/example_events")
    with RawWebSocket(weft.clients, "/") as client:
        client.send_text('{"event": "TEST", "headers": {}, "input_data": {}}')
        assert client.text() == '{"event":"RESPONSE_EVENT","data":{"message":"Hello World"}}'

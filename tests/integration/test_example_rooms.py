"""examples/rooms as its README says, driven by a client of its own kind: the library `websockets`."""
import asyncio
import json

import pytest
import websockets

PROGRAM = "examples/rooms/example_rooms"


@pytest.fixture
def rooms(start_weft):
    return start_weft(own=PROGRAM)


def enter(rooms, room, name):
    return websockets.connect(rooms.url(f"/room/{room}?name={name}"))


async def say(guest, cmd, data=None):
    await guest.send(json.dumps({"cmd": cmd, "data": data}))


async def hear(guest, cmd):
    """The data of the next message with this command."""
    while True:
        message = json.loads(await asyncio.wait_for(guest.recv(), 20))
        if message["cmd"] == cmd:
            return message["data"]


def test_the_readme_runs(rooms):
    async def main():
        async with enter(rooms, 7, "ann") as ann:
            await ann.send('{"cmd": "chat.say", "data": {"text": "hello"}}')
            first, second = json.loads(await ann.recv()), json.loads(await ann.recv())
            assert first["cmd"] == "room.entered" and first["data"]["name"] == "ann"
            assert second == {"cmd": "chat.said", "data": {"from": "ann", "text": "hello"}, "ext": {}}

    asyncio.run(main())


def test_a_room_hears_who_comes_what_is_said_and_who_goes(rooms):
    async def main():
        async with enter(rooms, 7, "ann") as ann:
            async with enter(rooms, 7, "bob") as bob, enter(rooms, 8, "eve") as eve:
                assert (await hear(ann, "room.entered"))["name"] == "ann"
                assert (await hear(ann, "room.entered"))["name"] == "bob"
                await say(bob, "chat.say", {"text": "hi"})
                for guest in (ann, bob):
                    assert await hear(guest, "chat.said") == {"from": "bob", "text": "hi"}
                await say(eve, "chat.who", {})
                assert (await hear(eve, "chat.who"))["room"] == "8"
            assert (await hear(ann, "room.left"))["name"] == "bob"

    asyncio.run(main())


def test_one_whispers_shouts_thinks_and_is_answered(rooms):
    async def main():
        async with enter(rooms, 7, "ann") as ann, enter(rooms, 8, "bob") as bob:
            await bob.send("{}")
            me = await hear(bob, "chat.who")
            assert (me["name"], me["room"]) == ("bob", "8")
            await say(ann, "chat.whisper", {"to": me["id"], "text": "psst"})
            assert await hear(ann, "chat.whisper") == {"status": "queued"}
            assert await hear(bob, "chat.whispered") == {"from": "ann", "text": "psst"}
            await say(ann, "chat.whisper", {"to": "1", "text": "psst"})
            assert await hear(ann, "chat.whisper") == {"status": "gone"}
            await say(ann, "chat.shout", {"text": "fire"})
            assert await hear(bob, "chat.shouted") == {"from": "ann", "text": "fire"}
            await say(ann, "chat.think", "life")
            await say(ann, "ping")
            assert await hear(ann, "chat.think") == "about life"
            assert await hear(ann, "ping") == "pong"

    asyncio.run(main())


@pytest.mark.parametrize("path, status", [("/room/7", 401), ("/room/lobby?name=ann", 404)])
def test_who_gives_no_name_or_no_number_stays_outside(rooms, path, status):
    async def main():
        with pytest.raises(websockets.InvalidStatusCode) as refused:
            await websockets.connect(rooms.url(path))
        assert refused.value.status_code == status

    asyncio.run(main())


def test_room_13_is_closed(rooms):
    async def main():
        async with enter(rooms, 13, "ann") as ann:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(ann.recv(), 20)
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "nobody enters room 13")

    asyncio.run(main())


@pytest.mark.parametrize("text, code", [
    ('{"cmd":"chat.dance"}', "unknown_command"), ("dance", "bad_message"),
    (json.dumps({"cmd": "chat.say", "data": {"text": "x" * 1000}}), "refused")])
def test_what_is_refused_is_told_and_the_guest_stays(rooms, text, code):
    async def main():
        async with enter(rooms, 7, "ann") as ann:
            await ann.send(text)
            assert (await hear(ann, "error"))["code"] == code
            await say(ann, "ping")
            assert await hear(ann, "ping") == "pong"

    asyncio.run(main())

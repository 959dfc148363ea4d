// How the calls of a program reach a running server and bring an answer back.
#pragma once
#include <memory>

#include "app/embedded.hpp"
#include "base/ids.hpp"

namespace weft {

/// Calls `start(assembly, completion)` and gives what the completion is called with; `otherwise`
/// when the server does not run, or ends before.
template <class T, class Start>
Answer<T> ask(Embedded& embedded, T otherwise, Start start) {
  Assembly* const assembly = embedded.running();
  if (!assembly) return framework::known(std::move(otherwise));
  framework::WaitingRoom* const room = assembly->loops().current() ? nullptr : &assembly->waiting();
  auto waiting = std::make_shared<framework::Waiting<T>>(std::move(otherwise), room);
  const Answer<T> answer = waiting->answer();
  if (!room || room->enter(waiting)) start(*assembly, std::move(waiting));
  return answer;
}

/// Where the answer to a call about `id` is given: on the loop that asks; for other threads on that
/// of the connection.
inline net::Loop& loop_for(Assembly& assembly, ConnectionId id) {
  if (net::Loop* here = assembly.loops().current()) return *here;
  return assembly.loops().at(loop_of(id, assembly.loops().size()));
}
inline net::Loop& some_loop(Assembly& assembly) {
  net::Loop* const here = assembly.loops().current();
  return here ? *here : assembly.loops().at(0);
}

/// The bytes of a payload: raw ones as they are, an event as a JSON envelope.
SharedBytes bytes_of(const Payload& payload);
Outbound outbound(const Payload& payload);

}  // namespace weft

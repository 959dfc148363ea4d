#include "script/connection.hpp"

#include <algorithm>

#include "script/event.hpp"

namespace weft::script {

void Input::append(std::string_view bytes) {
  bytes_.append(bytes);
  if (view().size() >= need_) fresh_ = true;
}

void Input::wait_for(std::size_t size) {
  need_ = size;
  fresh_ = false;
}

void Input::cut(std::size_t size) {
  begin_ += std::min(size, view().size());
  ++stamp_;
  need_ = 0;
  fresh_ = !view().empty();
  if (!fresh_) {
    bytes_ = std::string();
    begin_ = 0;
  } else if (begin_ > bytes_.size() / 2) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
}

Connection::Connection(ConnectionId connection, ScriptId script_id)
    : id(connection), script(script_id) {}
Connection::~Connection() = default;

}  // namespace weft::script

#include "texts.hpp"

#include <boost/json.hpp>

namespace chat {
namespace {

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

std::string user_text(const User& user) {
  return R"({"id":)" + std::to_string(user.id) + R"(,"name":)" + quoted(user.name) + "}";
}

}  // namespace

std::string success(std::string_view op) {
  return R"({"op":)" + quoted(op) + R"(,"success":true})";
}

std::string failure(std::string_view op, std::string_view error) {
  return R"({"op":)" + quoted(op) + R"(,"error":)" + quoted(error) + "}";
}

std::string event(std::string_view channel, UserId from, std::string_view message) {
  const std::string data = "uid:" + std::to_string(from) + ",message:" + std::string(message);
  return R"({"event":"subscribe","channel":)" + quoted(channel) + R"(,"data":)" + quoted(data) +
         "}";
}

std::string online(UserId you, const std::vector<User>& users) {
  std::string list;
  for (const User& user : users) {
    if (!list.empty()) list += ',';
    list += user_text(user);
  }
  return R"({"op":"online","success":true,"uid":)" + std::to_string(you) + R"(,"users":[)" + list +
         "]}";
}

std::string presence(const User& user, bool is_online) {
  return R"({"event":"online","user":)" + user_text(user) + R"(,"online":)" +
         (is_online ? "true}" : "false}");
}

}  // namespace chat

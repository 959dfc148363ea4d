// What the chat says, as JSON text. Pure functions; the order of keys is part of the protocol in
// README.md.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "users.hpp"

namespace chat {

std::string success(std::string_view op);  ///< {"op":"subscribe","success":true}
std::string failure(std::string_view op,
                    std::string_view error);  ///< {"op":"subscribe","error":"No access"}
/// {"event":"subscribe","channel":"room_101","data":"uid:1,message:hello,world!"}
std::string event(std::string_view channel, UserId from, std::string_view message);
/// {"op":"online","success":true,"uid":1,"users":[{"id":1,"name":"user1"}]}
std::string online(UserId you, const std::vector<User>& users);
/// {"event":"online","user":{"id":1,"name":"user1"},"online":true}
std::string presence(const User& user, bool is_online);

inline constexpr std::string_view kBadJson = R"({"error":"Json format error"})";

}  // namespace chat

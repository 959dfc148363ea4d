// The bindings: what scripts can call, one file per subject. Only sandbox.cpp and events.cpp look
// in here.
#pragma once

struct lua_State;

namespace weft::script {

// Names in the registry of what a coroutine begins with.
inline constexpr const char* kEventEntry = "weft.event";
inline constexpr const char* kMessageEntry = "weft.message";
inline constexpr const char* kPackageEntry = "weft.package";
inline constexpr const char* kCallEntry = "weft.call";

/// The native half of prelude.lua.
void push_native(lua_State* L);

/// The table `mix`. `waiting`: stack index of the table of functions that wait, made by the
/// prelude.
void push_mix(lua_State* L, int waiting);

/// The metatable of `conn`; likewise.
void make_connection_type(lua_State* L, int waiting);
/// Pushes the `conn` of a connection.
void push_connection(lua_State* L, long long id);

// Parts of mix, each a function that fills the table on top of the stack.
void add_codec(lua_State* L);
void add_json(lua_State* L);
void add_log(lua_State* L);
void add_mesh(lua_State* L, int waiting);
void add_queue(lua_State* L, int waiting);
void add_redis(lua_State* L, int waiting);
void add_http(lua_State* L, int waiting);
void add_php_pack(lua_State* L);
void add_url(lua_State* L);
void add_server(lua_State* L);
// The natives of socket listeners: the buffer, how long a package is, cutting it out.
void add_package(lua_State* L);

/// The module weft.websocket.
void push_websocket_module(lua_State* L);

// First halves of calls that wait: true = the answer is still to come.
int start_wait_context_value(lua_State* L);
int start_mesh_send(lua_State* L);
int start_mesh_publish(lua_State* L);
/// Fills the table on top of the stack with the others of mix.mesh: names that begin with mesh_.
void add_mesh_starts(lua_State* L);
void add_mesh_calls(lua_State* L, int waiting);
int start_http_request(lua_State* L);
int start_redis_command(lua_State* L);
/// false = answered: the two values of mix.queue.push follow.
int start_queue_push(lua_State* L);

}  // namespace weft::script

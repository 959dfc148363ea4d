// The sandbox: which of Lua's own libraries a script sees, and how scripts and connections are kept
// apart.
#pragma once
#include "script/vm.hpp"

struct lua_State;

namespace weft::script {

/// Fills an empty state: libraries, bindings, prelude. Inside Machine::protect.
void open_sandbox(lua_State* L, const VmLimits& limits);

/// Pushes a fresh environment for one script: its own copies of all library tables, so nothing a
/// script does to them is seen by another.
void push_new_environment(lua_State* L);

/// require() for the environment that is being built; in modules.cpp.
int require_module(lua_State* L);

}  // namespace weft::script

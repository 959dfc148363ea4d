// What tests add to pch_std.hpp.
#pragma once
#include "pch_std.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "script/edge_test.hpp"

namespace weft::script {
namespace {

class PatternTest : public EdgeTest {};

// expression, its value: as in Lua 5.1.
const std::pair<const char*, const char*> kCases[] = {
    {"('hello world'):find('wor')", "7 | 9"},
    {"('hello'):find('l', 1, true)", "3 | 3"},
    {"('hello'):find('xyz')", "nil"},
    {"('hello'):find('')", "1 | 0"},
    {"('hello'):find('', 10)", "nil"},
    {"('a.b'):find('.', 1, true)", "2 | 2"},
    {"('hello'):match('h(.-)o')", "ell"},
    {"('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key | value"},
    {"('2024-05-17'):match('(%d+)-(%d+)')", "2024 | 05"},
    {"('  trim  '):match('^%s*(.-)%s*$')", "trim"},
    {"('[[x]]'):match('%[(%b[])%]')", "[x]"},
    {"('f(a(b)c)d'):match('%b()')", "(a(b)c)"},
    {"('THE (quick) fox'):find('%((%a+)%)')", "5 | 11"},
    {"('THE (quick) fox'):gsub('%f[%a]%a+', 'w')", "w (w) w | 3"},
    {"('abcabc'):match('(abc)%1')", "abc"},
    {"('hello'):match('()ll()')", "3 | 5"},
    {"('abc'):gsub('', '-')", "-a-b-c- | 4"},
    {"('abc'):gsub('%w', '%0%0')", "aabbcc | 3"},
    {"('abc'):gsub('(%w)', '%%%1')", "%a%b%c | 3"},
    {"('hello world'):gsub('o', '0', 1)", "hell0 world | 1"},
    {"('$name is $age'):gsub('%$(%w+)', {name = 'Ann', age = 7})", "Ann is 7 | 2"},
    {"('abc'):gsub('%w', function(c) if c == 'b' then return 'B' end end)", "aBc | 3"},
    {"('abc'):gsub('^a', 'x')", "xbc | 1"},
    {"('x-y_z'):gsub('[-_]', '+')", "x+y+z | 2"},
    {"('a]b'):match('[]]')", "]"},
    {"('a^b'):match('[%^]')", "^"},
    {"('abc123'):match('[^%d]+')", "abc"},
    {"('colour color'):gsub('colou?r', 'C')", "C C | 2"},
    {"('a\\0b'):find('%z')", "2 | 2"},
    {"('a\\0b'):find('b')", "3 | 3"},
    {"(function() local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. "
     "v end return table.concat(t, ' ') end)()",
     "a1 b2"},
    {"(function() local n = 0 for _ in ('abc'):gmatch('') do n = n + 1 end return n end)()", "4"},
};

TEST_F(PatternTest, MatchesAsLuaDoes) {
  for (const auto& [expression, value] : kCases) EXPECT_EQ(eval(expression), value) << expression;
}

TEST_F(PatternTest, RefusesMalformedPatterns) {
  for (const char* pattern : {"[a", "%", "(a", "%1", "%f", "%b"}) {
    EXPECT_EQ(eval("('aaa'):find('" + std::string(pattern) + "')").substr(0, 6), "error:")
        << pattern;
  }
}

TEST_F(PatternTest, Item43APatternThatTakesForEverIsStopped) {
  EXPECT_EQ(run("pcall(string.find, ('a'):rep(5000), '.-.-.-.-.-b') conn:send('not stopped')"),
            "(nothing)");
  EXPECT_EQ(registry_.total("weft_script_aborted_total"), 1);
  EXPECT_EQ(eval("1 + 1"), "2");
}

}  // namespace
}  // namespace weft::script

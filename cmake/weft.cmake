# weft_room(), weft_fuzzer(), weft_bench(): what a room's CMakeLists.txt is written in.

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers carry time stamps that ccache has to be told to ignore; paths are taken relative to the
  # source tree, so a second clone finds what the first one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
endif()

add_library(weft_options INTERFACE)
target_compile_features(weft_options INTERFACE cxx_std_20)
target_compile_options(weft_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Werror -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(weft_options INTERFACE -fpch-preprocess)
endif()
target_compile_definitions(weft_options INTERFACE
  _GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_USE_STD_STRING_VIEW)
if(WEFT_SANITIZE)
  target_compile_options(weft_options INTERFACE
    -fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(weft_options INTERFACE -fsanitize=${WEFT_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND WEFT_SANITIZE MATCHES "thread")
    target_compile_options(weft_options INTERFACE -Wno-tsan)  # Asio's fences
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(weft_options INTERFACE -D_FORTIFY_SOURCE=2)
endif()

# Precompiled headers: rooms below net must build without Asio, so they never see it. Each has a twin for tests.
function(weft_pch name)
  add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch/${name}.cpp)
  target_link_libraries(${name} PRIVATE weft_options weft::weft ${ARGN})
  target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch/${name}.hpp)
endfunction()
weft_pch(pch_std)
weft_pch(pch_asio)
if(WEFT_TESTS)
  weft_pch(pch_std_test GTest::gmock)
  weft_pch(pch_asio_test GTest::gmock)
endif()

# What the thread sanitizer is for: tests of rooms that cross threads, and others that give it something to look at.
add_custom_target(thread_tests)

# weft_room(NAME [ASIO] [THREADS] SOURCES ... LINKS ... TESTS ...)
# A static library weft::NAME, its tests in one executable NAME_test under ctest label `unit`, with THREADS also `threads`.
function(weft_room name)
  cmake_parse_arguments(ROOM "ASIO;THREADS" "" "SOURCES;LINKS;TESTS;TEST_LINKS" ${ARGN})
  set(pch pch_std)
  if(ROOM_ASIO)
    set(pch pch_asio)
  endif()
  add_library(weft_${name} STATIC ${ROOM_SOURCES})
  add_library(weft::${name} ALIAS weft_${name})
  set_target_properties(weft_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(weft_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src> $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(weft_${name} PUBLIC ${ROOM_LINKS} PRIVATE $<BUILD_INTERFACE:weft_options>)
  target_precompile_headers(weft_${name} REUSE_FROM ${pch})
  install(TARGETS weft_${name} EXPORT weft-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/weft)
  if(WEFT_TESTS AND ROOM_TESTS)
    add_executable(${name}_test ${ROOM_TESTS})
    target_link_libraries(${name}_test PRIVATE
      weft_${name} ${ROOM_TEST_LINKS} weft_options GTest::gmock GTest::gtest_main)
    target_precompile_headers(${name}_test REUSE_FROM ${pch}_test)
    set(labels unit)
    if(ROOM_THREADS)
      add_dependencies(thread_tests ${name}_test)
      list(APPEND labels threads)
    endif()
    add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 120)
  endif()
endfunction()

add_custom_target(fuzzers)  # all of them

# weft_fuzzer(NAME LINKS ...): fuzz/NAME.cpp, with libFuzzer in preset `fuzz`, else with a plain main
# that replays fuzz/corpus/NAME and then 2,000 random mutations of it, so that fuzzers never rot.
function(weft_fuzzer name)
  cmake_parse_arguments(FUZZ "" "" "LINKS" ${ARGN})
  add_executable(${name} ${name}.cpp)
  target_link_libraries(${name} PRIVATE ${FUZZ_LINKS} weft_options)
  add_dependencies(fuzzers ${name})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz)
  if(WEFT_SANITIZE MATCHES "fuzzer")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/plain_main.cpp)
    add_test(NAME ${name} COMMAND ${name} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(${name} PROPERTIES LABELS "unit;fuzz" TIMEOUT 120)
  endif()
endfunction()

# weft_bench(NAME SOURCES ... LINKS ...): one program on google-benchmark.
function(weft_bench name)
  cmake_parse_arguments(BENCH "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${BENCH_SOURCES})
  target_link_libraries(${name} PRIVATE ${BENCH_LINKS} weft_options benchmark::benchmark_main)
endfunction()

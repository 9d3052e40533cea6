# ws_folder(NAME [DIR dir] LINKS ... PRIVATE ...): the library `ws_NAME` from src/NAME/*.cc (or from src/DIR/*.cc), and,
# from the files beside it, the test program `NAME_test` (x_test.cc) and the benchmark `NAME_bench` (x_bench.cc).
# Folders without sources are header-only. main.cc belongs to the program alone.

function(ws_folder name)
  cmake_parse_arguments(ARG "" "DIR" "LINKS;PRIVATE" ${ARGN})
  if(NOT ARG_DIR)
    set(ARG_DIR ${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${ARG_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")

  if(sources)
    add_library(ws_${name} STATIC ${sources})
    target_link_libraries(ws_${name} PUBLIC ws_settings ${ARG_LINKS} PRIVATE ${ARG_PRIVATE})
  else()
    add_library(ws_${name} INTERFACE)
    target_link_libraries(ws_${name} INTERFACE ws_settings ${ARG_LINKS})
  endif()

  if(WS_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ws_${name} ws_testing ${ARG_PRIVATE} GTest::gmock GTest::gtest_main)
    ws_add_test(${name}_test)
  endif()
  if(WS_BENCH AND benches)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE ws_${name} ws_testing ${ARG_PRIVATE} benchmark::benchmark_main)
    set_property(GLOBAL APPEND PROPERTY WS_BENCHES ${name}_bench)
  endif()
endfunction()

# One ctest test for each program, which leaves its counts in results/NAME.xml for tools/count-tests.
function(ws_add_test program)
  add_test(NAME ${program} COMMAND ${program} --gtest_brief=1
           --gtest_output=xml:${CMAKE_BINARY_DIR}/results/${program}.xml)
  set_tests_properties(${program} PROPERTIES TIMEOUT 600)
endfunction()

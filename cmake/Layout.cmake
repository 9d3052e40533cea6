# ws_folder(NAME LINKS ... PRIVATE ...): the library `ws_NAME` from src/NAME/*.cc, and, from the files beside it, the
# test program `NAME_test` (x_test.cc) and the benchmark `NAME_bench` (x_bench.cc).

function(ws_folder name)
  cmake_parse_arguments(ARG "" "" "LINKS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
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
  endif()
  if(WS_BENCH AND benches)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE ws_${name} ws_testing ${ARG_PRIVATE} benchmark::benchmark_main)
  endif()
endfunction()

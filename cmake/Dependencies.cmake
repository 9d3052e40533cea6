# Everything but Wasmtime comes from Debian packages (tools/setup installs them).

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)

function(ws_find_library target library header)
  find_library(${target}_LIBRARY ${library} REQUIRED)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE ${${target}_LIBRARY})
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
endfunction()

ws_find_library(lmdb lmdb lmdb.h)
ws_find_library(xxhash xxhash xxhash.h)
ws_find_library(mimalloc mimalloc mimalloc.h)

add_library(boost_json INTERFACE)
target_link_libraries(boost_json INTERFACE Boost::json)
add_library(cli11 INTERFACE)
target_link_libraries(cli11 INTERFACE CLI11::CLI11)

if(WS_TESTS)
  find_package(GTest REQUIRED)
endif()
if(WS_BENCH)
  find_package(benchmark REQUIRED)
endif()

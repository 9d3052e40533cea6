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

ws_find_library(rocksdb rocksdb rocksdb/db.h)
ws_find_library(xxhash xxhash xxhash.h)
ws_find_library(mimalloc mimalloc mimalloc.h)
ws_find_library(prometheus_cpp prometheus-cpp-core prometheus/text_serializer.h)
ws_find_library(zlib z zlib.h)
ws_find_library(zstd zstd zstd.h)

# The library itself is loaded by the client commands (src/cli/http/curl_library.h).
find_path(curl_INCLUDE curl/curl.h REQUIRED)
add_library(curl_headers INTERFACE)
target_include_directories(curl_headers SYSTEM INTERFACE ${curl_INCLUDE})
target_link_libraries(curl_headers INTERFACE ${CMAKE_DL_LIBS})

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

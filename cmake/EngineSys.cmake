# `engine_sys`: Wasmtime as built by tools/build-engine, which puts library and headers under WS_ENGINE_DIR.

if(NOT WS_ENGINE_DIR)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/build-engine --print-dir
                  OUTPUT_VARIABLE WS_ENGINE_DIR OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB_RECURSE engine_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/engine-sys/src/*.rs)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    engine-sys/Cargo.toml engine-sys/Cargo.lock engine-sys/build.rs ${engine_sources})
endif()

add_library(engine_sys INTERFACE)
target_include_directories(engine_sys SYSTEM INTERFACE ${WS_ENGINE_DIR}/include)
if(WS_SANITIZE MATCHES thread)
  # As a shared library, ThreadSanitizer can be told to ignore it: its code is not instrumented.
  target_link_libraries(engine_sys INTERFACE ${WS_ENGINE_DIR}/lib/libengine_sys.so)
else()
  target_link_libraries(engine_sys INTERFACE ${WS_ENGINE_DIR}/lib/libengine_sys.a Threads::Threads dl m)
endif()

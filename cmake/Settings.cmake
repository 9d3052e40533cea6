# Flags of every target: `ws_settings`.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(ws_settings INTERFACE)
target_include_directories(ws_settings INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(ws_settings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
target_compile_definitions(ws_settings INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY BOOST_ASIO_DISABLE_BOOST_BIND
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

# What is shipped: the table of the libraries' functions is read-only once the program has started.
target_link_options(ws_settings INTERFACE $<$<CONFIG:Release>:-Wl,-z,relro,-z,now>)

# GCC 12 false positives, each with its reason.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(ws_settings INTERFACE
    # Inlined std::string and std::variant code (GCC bugs 105329, 105562, 107852).
    -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
    # Coroutine frames are freed through the allocator that made them; the pairing is not seen.
    -Wno-mismatched-new-delete)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  target_compile_options(ws_settings INTERFACE -Wthread-safety)
endif()

if(WS_SANITIZE)
  target_compile_options(ws_settings INTERFACE -fsanitize=${WS_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(ws_settings INTERFACE -fsanitize=${WS_SANITIZE})
  if(WS_SANITIZE MATCHES thread)
    target_compile_options(ws_settings INTERFACE -Wno-tsan)
    target_compile_definitions(ws_settings INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

if(WS_COVERAGE)
  # `atomic`: the counters are right when threads share them.
  target_compile_options(ws_settings INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(ws_settings INTERFACE --coverage)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(ws_settings INTERFACE -fuse-ld=mold)
endif()

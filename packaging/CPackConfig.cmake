# What tools/package gives to cpack: the files of WS_TREE as a Debian package. From the environment: WS_TREE, WS_VERSION,
# WS_ROOT, WS_CONFFILES.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wasm-server)
set(CPACK_PACKAGE_VERSION $ENV{WS_VERSION})
set(CPACK_PACKAGE_CONTACT "wasm-server maintainers <maintainers@wasm-server.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "server that stores WebAssembly modules and executes them")
set(CPACK_PACKAGE_DESCRIPTION
"wasm-server stores WebAssembly modules, uploaded over HTTP as binary or as
text, and executes them on request: exported functions with typed JSON
arguments, or WASI commands with arguments and standard input. Each call has
a fresh instance, without access to files, network or environment, and with
limits of time, memory and output.

This package has the server, its command-line client and a systemd unit that
runs it as a user of its own.")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_INSTALLED_DIRECTORIES $ENV{WS_TREE} /)
set(CPACK_PACKAGE_FILE_NAME wasm-server)
set(CPACK_STRIP_FILES OFF)  # tools/package has done it

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION web)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
# The client commands open libcurl when they need it; a server, e.g. in a container, does without it and its two dozen
# libraries. Guests' requests over TLS trust whom the system trusts.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libcurl4, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  $ENV{WS_ROOT}/packaging/debian/postinst $ENV{WS_ROOT}/packaging/debian/prerm $ENV{WS_ROOT}/packaging/debian/postrm
  $ENV{WS_CONFFILES})

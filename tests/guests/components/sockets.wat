;; A component that looks a name up and connects to an address, and returns the numbers of the errors' cases: 1 is
;; access-denied, 20 permanent-resolver-failure. 99: there was no error.
(component
  (import "wasi:sockets/network@0.2.0" (instance $networks
    (export "network" (type $network (sub resource)))
    (type $code' (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
      "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
      "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset"
      "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
      "permanent-resolver-failure"))
    (export "error-code" (type $code (eq $code')))
    (type $family' (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type $family (eq $family')))
    (type $v4' (tuple u8 u8 u8 u8))
    (export "ipv4-address" (type $v4 (eq $v4')))
    (type $v6' (tuple u16 u16 u16 u16 u16 u16 u16 u16))
    (export "ipv6-address" (type $v6 (eq $v6')))
    (type $v4-socket' (record (field "port" u16) (field "address" $v4)))
    (export "ipv4-socket-address" (type $v4-socket (eq $v4-socket')))
    (type $v6-socket' (record (field "port" u16) (field "flow-info" u32) (field "address" $v6) (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $v6-socket (eq $v6-socket')))
    (type $socket-address' (variant (case "ipv4" $v4-socket) (case "ipv6" $v6-socket)))
    (export "ip-socket-address" (type (eq $socket-address')))))
  (alias export $networks "network" (type $network))
  (alias export $networks "error-code" (type $code))
  (alias export $networks "ip-address-family" (type $family))
  (alias export $networks "ip-socket-address" (type $socket-address))
  (import "wasi:sockets/instance-network@0.2.0" (instance $instance
    (alias outer 1 $network (type $network'))
    (export "network" (type $network (eq $network')))
    (export "instance-network" (func (result (own $network))))))
  (import "wasi:sockets/ip-name-lookup@0.2.0" (instance $names
    (alias outer 1 $network (type $network'))
    (export "network" (type $network (eq $network')))
    (alias outer 1 $code (type $code'))
    (export "error-code" (type $code (eq $code')))
    (export "resolve-address-stream" (type $stream (sub resource)))
    (export "resolve-addresses" (func
      (param "network" (borrow $network)) (param "name" string) (result (result (own $stream) (error $code)))))))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (alias outer 1 $network (type $network'))
    (export "network" (type $network (eq $network')))
    (alias outer 1 $code (type $code'))
    (export "error-code" (type $code (eq $code')))
    (alias outer 1 $socket-address (type $socket-address'))
    (export "ip-socket-address" (type $socket-address (eq $socket-address')))
    (export "tcp-socket" (type $socket (sub resource)))
    (export "[method]tcp-socket.start-connect" (func
      (param "self" (borrow $socket)) (param "network" (borrow $network)) (param "remote-address" $socket-address)
      (result (result (error $code)))))))
  (alias export $tcp "tcp-socket" (type $socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $code (type $code'))
    (export "error-code" (type $code (eq $code')))
    (alias outer 1 $family (type $family'))
    (export "ip-address-family" (type $family (eq $family')))
    (alias outer 1 $socket (type $socket'))
    (export "tcp-socket" (type $socket (eq $socket')))
    (export "create-tcp-socket" (func
      (param "address-family" $family) (result (result (own $socket) (error $code)))))))

  (core module $Memory (memory (export "memory") 1) (data (i32.const 64) "localhost"))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "memory" (core memory $mem))
  (core func $network (canon lower (func $instance "instance-network")))
  (core func $resolve (canon lower (func $names "resolve-addresses") (memory $mem)))
  (core func $create (canon lower (func $create "create-tcp-socket") (memory $mem)))
  (core func $connect (canon lower (func $tcp "[method]tcp-socket.start-connect") (memory $mem)))

  (core module $Main
    (import "memory" "memory" (memory 1))
    (import "host" "network" (func $network (result i32)))
    (import "host" "resolve" (func $resolve (param i32 i32 i32 i32)))
    (import "host" "create" (func $create (param i32 i32)))
    (import "host" "connect" (func $connect
      (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (func (export "look-up") (result i32)
      (call $resolve (call $network) (i32.const 64) (i32.const 9) (i32.const 0))
      (if (i32.load8_u (i32.const 0)) (then (return (i32.load8_u (i32.const 4)))))
      (i32.const 99))
    (func (export "connect") (param $port i32) (result i32)
      (call $create (i32.const 0) (i32.const 0))
      (if (i32.load8_u (i32.const 0)) (then (return (i32.load8_u (i32.const 4)))))
      (call $connect (i32.load (i32.const 4)) (call $network) (i32.const 0) (local.get $port)
        (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8))
      (if (i32.load8_u (i32.const 8)) (then (return (i32.load8_u (i32.const 9)))))
      (i32.const 99)))
  (core instance $main (instantiate $Main
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "network" (func $network))
      (export "resolve" (func $resolve))
      (export "create" (func $create))
      (export "connect" (func $connect))))))
  (func (export "look-up") (result u32) (canon lift (core func $main "look-up")))
  (func (export "connect") (param "port" u16) (result u32) (canon lift (core func $main "connect"))))

#pragma once

namespace wasm_server {

// For the calling thread, for good: it makes way for the threads that serve requests, but goes on
// when they keep the machine busy, at about a tenth of a core's time against one of them. Not less,
// because it may hold a lock that one of them needs next. Its turns are as short as the scheduler
// makes them (0.1 ms, from Linux 6.12 on; older ones ignore that): after that whoever wakes may
// take its core.
void lower_own_priority();

// For the calling thread, for good: it runs while nobody else wants its core (SCHED_IDLE; against
// busy threads it gets a few thousandths), and whoever wakes takes the core at once. More: the
// kernel takes a core that runs only such threads for an idle one when it looks for a place for
// others. A thread of low priority makes its core look busy instead, and those who serve requests
// then share the other cores. Against other processes it is its group (session, cgroup) that has
// the core, which is not of low priority; of two groups the one with the shorter turn goes first,
// so these turns are as long as the scheduler makes them (100 ms). That alone does not suffice
// (engine/spare_pace.h). Only for pure computing, because the thread may hold a lock for seconds;
// and without privileges there is no way back.
void use_only_spare_time();

}  // namespace wasm_server

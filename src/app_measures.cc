// What is measured of the parts when somebody asks for metrics.

#include "app.h"
#include "cli/version.h"

namespace wasm_server {
namespace {

double as_number(std::uint64_t value) { return static_cast<double>(value); }

void append_store(Exposition& page, const StoreFigures& store) {
  const auto one = [&page](const char* name, const char* help, std::uint64_t value) {
    page.gauges(name, help);
    page.sample(as_number(value));
  };
  one("wasm_server_store_bytes", "Keys, values and code that are stored.", store.stored_bytes);
  one("wasm_server_store_log_bytes", "The database's log, which a start reads.", store.log_bytes);
  one("wasm_server_store_memtable_bytes", "Records that are not in table files yet.",
      store.memtable_bytes);
  one("wasm_server_store_table_bytes", "The database's table files.", store.table_bytes);
  one("wasm_server_store_compaction_debt_bytes", "What compactions have still to rewrite.",
      store.compaction_debt_bytes);
  page.counters("wasm_server_store_flushes_total", "Memtables that were written to table files.");
  page.sample(as_number(store.flushes));
  page.counters("wasm_server_store_compactions_total", "Compactions that ended.");
  page.sample(as_number(store.compactions));
}

void append_egress(Exposition& page, const EgressFigures& egress) {
  page.counters("wasm_server_egress_requests_total", "Requests of guests by how they ended.");
  page.sample(as_number(egress.answered), {{"end", "answered"}});
  page.sample(as_number(egress.denied), {{"end", "denied"}});
  page.sample(as_number(egress.failed), {{"end", "failed"}});
  page.counters("wasm_server_egress_reused_connections_total",
                "Requests of guests over a connection that was there.");
  page.sample(as_number(egress.reused));
  page.counters("wasm_server_egress_bytes_total", "Bodies of those requests and of their answers.");
  page.sample(as_number(egress.bytes));
  page.gauges("wasm_server_egress_connections", "Open connections to other hosts.");
  page.sample(as_number(egress.open_connections - egress.idle_connections), {{"state", "used"}});
  page.sample(as_number(egress.idle_connections), {{"state", "idle"}});
}

void append_compiling(Exposition& page, const Compiler& compiler) {
  struct Class {
    const char* name;
    CompileScheduler::ClassFigures figures;
  };
  const Class classes[] = {{"small", compiler.figures(TaskClass::kSmall)},
                           {"baseline", compiler.figures(TaskClass::kBaseline)},
                           {"optimised", compiler.figures(TaskClass::kOptimised)}};
  page.counters("wasm_server_compilations_total", "Compilations by class and how they ended.");
  for (const auto& [name, figures] : classes) {
    page.sample(as_number(figures.made), {{"class", name}, {"end", "made"}});
    page.sample(as_number(figures.failed), {{"class", name}, {"end", "failed"}});
    page.sample(as_number(figures.stopped), {{"class", name}, {"end", "stopped"}});
  }
  page.gauges("wasm_server_compilations_running", "Compile workers that are compiling.");
  for (const auto& [name, figures] : classes)
    page.sample(as_number(figures.running), {{"class", name}});
}

}  // namespace

void App::add_measures() {
  ServerMetrics& all = *metrics_;
  all.add([](Exposition& page) {
    page.gauges("wasm_server_build_info", "1, with what this server is.");
    page.sample(1, {{"version", std::string(kProgramVersion)}});
  });
  all.add_gauge("wasm_server_connections", "Open connections.",
                [this] { return as_number(server_->connections()); });
  all.add_gauge("wasm_server_executions_running", "Executions that are let in and have not ended.",
                [this] { return as_number(admission_->running()); });
  all.add_gauge("wasm_server_executions_waiting", "Executions that wait to be let in.",
                [this] { return as_number(admission_->waiting()); });
  all.add_gauge("wasm_server_instance_slots", "Instances that may live at once.",
                [this] { return as_number(engine_->pool_slots()); });
  all.add_gauge("wasm_server_module_cache_bytes", "Modules that are ready to run, and their code.",
                [this] { return as_number(module_cache_->bytes()); });
  all.add_gauge("wasm_server_memory_budget_used_bytes",
                "What guests, bodies, answers and conversions have asked for.",
                [this] { return as_number(memory_.used()); });
  if (memory_.limit() != MemoryBudget::kUnlimited) {
    all.add_gauge("wasm_server_memory_budget_bytes", "What they may have together.",
                  [this] { return as_number(memory_.limit()); });
  }
  all.add_gauge("wasm_server_modules_compiling", "Modules that are compiled or wait for it.",
                [this] { return as_number(compiler_->pending()); });
  all.add_gauge("wasm_server_jobs_waiting", "Writes that wait for the runner.",
                [this] { return as_number(channel_->load().jobs); });
  all.add_gauge("wasm_server_jobs_waiting_bytes", "What those writes hold.",
                [this] { return as_number(channel_->load().bytes); });
  all.add_counter("wasm_server_store_commits_total",
                  "Batches of writes that were committed since the database was made.",
                  [this] { return as_number(store_->sequence()); });
  all.add([this](Exposition& page) {
    page.histograms("wasm_server_store_commit_duration_seconds",
                    "A batch of writes from its beginning until it is on the disk.");
    page.sample(runner_->commit_times());
  });
  if (traces_) {
    all.add_counter("wasm_server_spans_exported_total", "Spans that the collector has taken.",
                    [this] { return as_number(traces_->exported()); });
    all.add_counter("wasm_server_spans_dropped_total",
                    "Spans that there was no room for, or that the collector did not take.",
                    [this] { return as_number(traces_->queue().dropped()); });
  }
  all.add([this](Exposition& page) { append_store(page, store_->figures()); });
  all.add([this](Exposition& page) { append_egress(page, engine_->egress_figures()); });
  all.add([this](Exposition& page) { append_compiling(page, *compiler_); });
  all.add([this](Exposition& page) {
    Durations turns;
    for (const auto& serving : workers_) turns += serving->worker.turns();
    page.histograms("wasm_server_event_loop_turn_duration_seconds",
                    "What was ready on an event loop, from its beginning to its end.");
    page.sample(turns);
  });
  all.add_gauge("wasm_server_store_failed", "1 when the store takes no writes any more.",
                [this] { return store_->failed() ? 1.0 : 0.0; });
}

}  // namespace wasm_server

// The header and the Rust side agree on where everything lies.

#include "engine/engine_component.h"

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(EngineComponent, HasTheLayoutOfTheRustSide) {
  const std::vector<std::size_t> header = {
      offsetof(engine_text_t, data),
      offsetof(engine_text_t, size),
      sizeof(engine_text_t),

      offsetof(engine_field_t, name),
      offsetof(engine_field_t, value),
      sizeof(engine_field_t),

      offsetof(engine_component_host_t, data),
      offsetof(engine_component_host_t, wake),
      offsetof(engine_component_host_t, output_ready),
      offsetof(engine_component_host_t, write),
      offsetof(engine_component_host_t, read_body),
      offsetof(engine_component_host_t, begin_answer),
      offsetof(engine_component_host_t, answer_ready),
      offsetof(engine_component_host_t, write_answer),
      offsetof(engine_component_host_t, end_answer),
      sizeof(engine_component_host_t),

      offsetof(engine_request_t, method),
      offsetof(engine_request_t, is_https),
      offsetof(engine_request_t, authority),
      offsetof(engine_request_t, path_with_query),
      offsetof(engine_request_t, fields),
      offsetof(engine_request_t, field_count),
      sizeof(engine_request_t),

      offsetof(engine_component_spec_t, component),
      offsetof(engine_component_spec_t, host),
      offsetof(engine_component_spec_t, limits),
      offsetof(engine_component_spec_t, first_slice_ticks),
      offsetof(engine_component_spec_t, slice_ticks),
      offsetof(engine_component_spec_t, crossing_bytes),
      offsetof(engine_component_spec_t, kind),
      offsetof(engine_component_spec_t, interface_name),
      offsetof(engine_component_spec_t, function),
      offsetof(engine_component_spec_t, values),
      offsetof(engine_component_spec_t, request),
      offsetof(engine_component_spec_t, arguments),
      offsetof(engine_component_spec_t, argument_count),
      offsetof(engine_component_spec_t, variables),
      offsetof(engine_component_spec_t, variable_count),
      offsetof(engine_component_spec_t, input),
      offsetof(engine_component_spec_t, egress),
      offsetof(engine_component_spec_t, egress_patterns),
      offsetof(engine_component_spec_t, egress_pattern_count),
      offsetof(engine_component_spec_t, egress_owner),
      sizeof(engine_component_spec_t),

      offsetof(engine_egress_settings_t, is_on),
      offsetof(engine_egress_settings_t, private_allowed),
      offsetof(engine_egress_settings_t, allow),
      offsetof(engine_egress_settings_t, allow_count),
      offsetof(engine_egress_settings_t, ca_file),
      offsetof(engine_egress_settings_t, connections),
      offsetof(engine_egress_settings_t, requests),
      offsetof(engine_egress_settings_t, bytes),
      sizeof(engine_egress_settings_t),

      offsetof(engine_egress_figures_t, answered),
      offsetof(engine_egress_figures_t, denied),
      offsetof(engine_egress_figures_t, failed),
      offsetof(engine_egress_figures_t, reused),
      offsetof(engine_egress_figures_t, bytes),
      offsetof(engine_egress_figures_t, open_connections),
      offsetof(engine_egress_figures_t, idle_connections),
      sizeof(engine_egress_figures_t),

      offsetof(engine_component_outcome_t, common),
      offsetof(engine_component_outcome_t, values),
      offsetof(engine_component_outcome_t, refusal),
      offsetof(engine_component_outcome_t, exited),
      offsetof(engine_component_outcome_t, exit_code),
      offsetof(engine_component_outcome_t, has_head),
      offsetof(engine_component_outcome_t, answered),
      offsetof(engine_component_outcome_t, is_output_limit),
      offsetof(engine_component_outcome_t, is_bad_request),
      sizeof(engine_component_outcome_t),
  };
  std::vector<std::size_t> rust(engine_component_layout(nullptr, 0));
  engine_component_layout(rust.data(), rust.size());
  EXPECT_EQ(rust, header);
}

}  // namespace
}  // namespace wasm_server

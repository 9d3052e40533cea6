//! The layout of all structs that cross to the C++ side, for the test that compares it with the header's.

use std::mem::{offset_of, size_of};
use std::ptr;

use super::call::{engine_component_outcome_t, engine_component_spec_t, engine_text_t};
use super::egress::outside::{engine_egress_figures_t, engine_egress_settings_t};
use super::host::{engine_component_host_t, engine_field_t};
use super::http::engine_request_t;

macro_rules! layout {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {
        &[$($(offset_of!($name, $field),)+ size_of::<$name>(),)+]
    };
}

const NUMBERS: &[usize] = layout! {
    engine_text_t { data, size }
    engine_field_t { name, value }
    engine_component_host_t {
        data, wake, output_ready, write, read_body, begin_answer, answer_ready, write_answer, end_answer,
    }
    engine_request_t { method, is_https, authority, path_with_query, fields, field_count }
    engine_component_spec_t {
        component, host, limits, first_slice_ticks, slice_ticks, crossing_bytes, kind, interface, function, values,
        request, arguments, argument_count, variables, variable_count, input, egress, egress_patterns,
        egress_pattern_count, egress_owner,
    }
    engine_egress_settings_t {
        is_on, private_allowed, allow, allow_count, ca_file, connections, requests, bytes,
    }
    engine_egress_figures_t {
        answered, denied, failed, reused, bytes, open_connections, idle_connections,
    }
    engine_component_outcome_t {
        common, values, refusal, exited, exit_code, has_head, answered, is_output_limit, is_bad_request,
    }
};

/// Returns how many numbers there are, and writes at most `capacity` of them.
///
/// # Safety
/// `numbers` has room for `capacity`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_layout(numbers: *mut usize, capacity: usize) -> usize {
    let count = capacity.min(NUMBERS.len());
    unsafe { ptr::copy_nonoverlapping(NUMBERS.as_ptr(), numbers, count) };
    NUMBERS.len()
}

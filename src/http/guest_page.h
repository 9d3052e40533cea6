#pragma once

#include "http/request.h"
#include "http/route.h"

namespace wasm_server {

// Whether a browser sends the request for a page of the same guest (Route::is_guests, and the same
// {id}). Such a page has no origin of its own, so that the browser tells it from none of another
// server; but it says where the page lies (Referer), which no page elsewhere can make it say.
bool is_of_own_guests_page(const Request& request, const Route* route);

}  // namespace wasm_server

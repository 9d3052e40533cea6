//! What one call may send, and what becomes of it.

use std::sync::Arc;

use http::{Method, Request, Response};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::Egress;
use super::budget::Budget;
use super::pattern::Pattern;
use super::pool::Key;
use super::send::send;
use super::target::Target;
use crate::component::call::engine_text_t;

/// Of one call. When it is dropped, all that the call has under way ends.
pub struct CallEgress {
    egress: Option<Arc<Egress>>, // none: nothing goes out
    patterns: &'static [engine_text_t],
    owner: u64,
    budget: Option<Arc<Budget>>, // with the first request that may go out
}

// The patterns are the C++ side's, which does not change them.
unsafe impl Send for CallEgress {}
unsafe impl Sync for CallEgress {}

impl Drop for CallEgress {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.end();
        }
    }
}

impl CallEgress {
    /// `patterns` outlive the call; the lifetime says nothing. `owner` is the same for those that may share connections.
    pub fn new(
        egress: Option<Arc<Egress>>,
        patterns: &'static [engine_text_t],
        owner: u64,
    ) -> Self {
        CallEgress {
            egress,
            patterns,
            owner,
            budget: None,
        }
    }

    pub fn send(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> impl Future<Output = Result<Response<WasiBody>, Error>> + Send + use<> {
        let counted = self.egress.clone().map(|egress| Counted {
            egress,
            is_counted: false,
        });
        let checked = self.check(&request);
        async move {
            let answer = match checked {
                Ok((budget, key)) => send(budget, key, request, options).await,
                Err(error) => Err(error),
            };
            if let Some(counted) = counted {
                counted.end(answer.as_ref().err());
            }
            answer
        }
    }

    /// Whether the request may be sent, as far as that can be said before its host's name is looked up.
    fn check(&mut self, request: &Request<WasiBody>) -> Result<(Arc<Budget>, Key), Error> {
        let Some(egress) = self.egress.as_ref().filter(|egress| egress.settings.is_on) else {
            return Err(Error::HttpRequestDenied);
        };
        let method = request.method().as_str();
        if method.eq_ignore_ascii_case(Method::CONNECT.as_str()) {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let target = Target::of(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
        if !self.names(&target) || !is_allowed(egress, &target) {
            return Err(Error::HttpRequestDenied);
        }
        let budget = self
            .budget
            .get_or_insert_with(|| Budget::new(egress.clone()));
        if !budget.take_request() {
            return Err(Error::ConnectionLimitReached);
        }
        let key = Key {
            owner: self.owner,
            target,
        };
        Ok((budget.clone(), key))
    }

    fn names(&self, target: &Target) -> bool {
        self.patterns.iter().any(|pattern| {
            let text = unsafe { pattern.get() };
            Pattern::parse(text).is_some_and(|pattern| pattern.allows(target))
        })
    }
}

fn is_allowed(egress: &Egress, target: &Target) -> bool {
    let allow = &egress.settings.allow;
    allow.is_empty() || allow.iter().any(|pattern| pattern.allows(target))
}

/// Counts a request once, also when its call ends before it does.
struct Counted {
    egress: Arc<Egress>,
    is_counted: bool,
}

impl Counted {
    fn end(mut self, error: Option<&Error>) {
        self.is_counted = true;
        self.egress.figures.add_end(error);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if !self.is_counted {
            self.egress
                .figures
                .add_end(Some(&Error::ConnectionTerminated));
        }
    }
}

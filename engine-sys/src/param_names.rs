//! What a module calls the parameters of its exported functions: the local names of its name section (core
//! specification 3.0, appendix 7.4.1). Names stay unique within a function, as arguments are given by them.

use std::collections::HashSet;

use wasmtime::wasmparser::{IndirectNameMap, Name, NameMap, NameSectionReader};

use crate::report::Function;

/// A function may be exported many times, each time with its names.
const LONGEST: usize = 128;

#[derive(Default)]
pub struct ParamNames<'a> {
    given: Vec<GivenName<'a>>, // ordered by function, then by parameter
}

struct GivenName<'a> {
    function: u32,
    param: u32,
    name: &'a str,
}

/// A section that is not as the specification wants it gives no names.
struct Broken;

impl From<wasmtime::wasmparser::Error> for Broken {
    fn from(_: wasmtime::wasmparser::Error) -> Self {
        Broken
    }
}

impl<'a> ParamNames<'a> {
    pub fn read(section: Option<&NameSectionReader<'a>>, functions: &[Function]) -> Self {
        let Some(section) = section else {
            return Self::default();
        };
        let wanted = Wanted::new(functions);
        let given = read_section(section.clone(), &wanted).unwrap_or_default();
        ParamNames {
            given: only_usable(given),
        }
    }

    /// The names of one function's parameters, empty where there is none.
    pub fn of(&self, function: u32) -> impl Fn(u32) -> &'a str {
        let key = |name: &GivenName| (name.function, name.param);
        move |param| match self.given.binary_search_by_key(&(function, param), key) {
            Ok(place) => self.given[place].name,
            Err(_) => "",
        }
    }
}

/// The exported functions by index, with the number of their parameters.
struct Wanted(Vec<(u32, u32)>);

impl Wanted {
    fn new(functions: &[Function]) -> Self {
        let params = |function: &Function| function.ty.params().len() as u32;
        let mut wanted: Vec<_> = functions.iter().map(|f| (f.index, params(f))).collect();
        wanted.sort_unstable();
        wanted.dedup();
        Wanted(wanted)
    }

    fn params(&self, function: u32) -> u32 {
        match self.0.binary_search_by_key(&function, |&(index, _)| index) {
            Ok(place) => self.0[place].1,
            Err(_) => 0,
        }
    }
}

fn read_section<'a>(
    section: NameSectionReader<'a>,
    wanted: &Wanted,
) -> Result<Vec<GivenName<'a>>, Broken> {
    let mut given = None;
    for subsection in section {
        if let Name::Local(functions) = subsection? {
            if given.is_some() {
                return Err(Broken);
            }
            given = Some(read_functions(functions, wanted)?);
        }
    }
    Ok(given.unwrap_or_default())
}

fn read_functions<'a>(
    functions: IndirectNameMap<'a>,
    wanted: &Wanted,
) -> Result<Vec<GivenName<'a>>, Broken> {
    let mut given = Vec::new();
    let mut order = Rising::default();
    for function in functions {
        let function = function?;
        order.next(function.index)?;
        let params = wanted.params(function.index);
        read_params(function.names, function.index, params, &mut given)?;
    }
    Ok(given)
}

fn read_params<'a>(
    locals: NameMap<'a>,
    function: u32,
    params: u32,
    given: &mut Vec<GivenName<'a>>,
) -> Result<(), Broken> {
    let mut order = Rising::default();
    for local in locals {
        let local = local?;
        order.next(local.index)?;
        if local.index < params {
            given.push(GivenName {
                function,
                param: local.index,
                name: local.name,
            });
        }
    }
    Ok(())
}

/// Indexes must rise, which also keeps the work linear: nothing is named twice.
#[derive(Default)]
struct Rising {
    next: u64,
}

impl Rising {
    fn next(&mut self, index: u32) -> Result<(), Broken> {
        if u64::from(index) < self.next {
            return Err(Broken);
        }
        self.next = u64::from(index) + 1;
        Ok(())
    }
}

/// Of several parameters with one name, the first keeps it.
fn only_usable(mut given: Vec<GivenName>) -> Vec<GivenName> {
    let mut seen = HashSet::new();
    given.retain(|name| is_usable(name) && seen.insert((name.function, name.name)));
    given
}

fn is_usable(given: &GivenName) -> bool {
    let name = given.name;
    let is_default =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match name.strip_prefix('p') {
        _ if name.is_empty() || name.len() > LONGEST => false,
        Some(digits) if is_default(digits) => digits == given.param.to_string(),
        _ => true,
    }
}

//! Copies the C API's headers, which its own build script generates, to where the C++ build looks.
use std::{env, fs, path::Path};

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("create the include directory");
    for entry in fs::read_dir(from).expect("read the generated headers") {
        let entry = entry.expect("read the generated headers");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copy a header");
        }
    }
}

fn main() {
    println!("cargo:rerun-if-env-changed=ENGINE_SYS_INCLUDE");
    let headers = env::var("DEP_WASMTIME_C_API_INCLUDE").expect("set by wasmtime-c-api-impl");
    if let Ok(target) = env::var("ENGINE_SYS_INCLUDE") {
        copy_tree(Path::new(&headers), Path::new(&target));
    }
}

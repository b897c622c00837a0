//! Exists so that the build dependency on openssl-src counts: its features decide what the vendored OpenSSL can speak.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}

//! The page about coverage is what the table says.

/// `UPDATE=1 cargo test -p meshwork-api --test coverage` writes the page anew.
#[test]
fn the_page_is_the_table() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("COVERAGE.md");
    let page = meshwork_api::coverage::markdown();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "COVERAGE.md is stale: run the test with UPDATE=1");
}

//! Where settings come from: flags, the environment, `stepwell.toml`.

use std::fs;

use serde_json::json;

use crate::serve::client::{request, send};
use crate::serve::running::{Running, refused};

/// The region and account that a server's ARNs name.
async fn place(server: &Running) -> String {
    let body = json!({ "name": "a" });
    let made = send(&server.url, request(&server.url, "CreateActivity", &body)).await;
    let arn = made.body["activityArn"].as_str().unwrap().to_owned();
    let parts: Vec<&str> = arn.split(':').collect();
    format!("{} {}", parts[3], parts[4])
}

#[tokio::test]
async fn a_flag_comes_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = "region = \"eu-west-1\"\naccount-id = \"111111111111\"\nretention-days = 7\n";
    fs::write(folder.path().join("stepwell.toml"), file).unwrap();
    fs::write(folder.path().join("other.toml"), "region = \"eu-west-2\"").unwrap();
    let env: [(&str, &str); 1] = [("STEPWELL_REGION", "eu-north-1")];
    for (arguments, env, expected) in [
        (&[][..], &[][..], "eu-west-1 111111111111"),
        (&[], &env, "eu-north-1 111111111111"),
        (&["--region", "eu-south-1"], &env, "eu-south-1 111111111111"),
        (&["--config", "other.toml"], &[], "eu-west-2 123456789012"),
        (
            &[],
            &[("STEPWELL_CONFIG", "other.toml")],
            "eu-west-2 123456789012",
        ),
    ] {
        let server = Running::start_in(&folder, arguments, env);
        assert_eq!(place(&server).await, expected, "{arguments:?} {env:?}");
    }
}

#[test]
fn what_the_file_says_wrong_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, words) in [
        (
            "\nregoin = \"x\"",
            "settings file stepwell.toml: line 2: regoin is no setting",
        ),
        (
            "account-id = \"12\"",
            "line 1: invalid value '12' for '--account-id <ACCOUNT_ID>'",
        ),
        (
            "retention-days = 0",
            "line 1: invalid value '0' for '--retention-days",
        ),
        (
            "tls-cert = \"cert.pem\"",
            "--tls-cert wants the certificate's key",
        ),
    ] {
        fs::write(folder.path().join("stepwell.toml"), text).unwrap();
        let told = refused(&folder, &[]);
        assert!(told.contains(words), "{told}");
    }
    let told = refused(&folder, &["--config", "missing.toml"]);
    assert!(
        told.contains("settings file missing.toml: No such file"),
        "{told}"
    );
}

//! What goes wrong on the way, and what is said of it.

use super::Place;
use crate::command::{check, check_in};
use crate::serve::running::Running;
use crate::serve::write_secret;

const KEYS: &str = "[[keys]]\naccess-key-id = \"AKIDOWNER\"\nsecret-access-key = \
                    \"owner/K7MDENG+bPxRfiCYEXAMPLEKEYS\"\nrole = \"admin\"\n";

#[test]
fn who_cannot_be_reached_is_named() {
    let nobody = "http://127.0.0.1:1";
    for (arguments, told) in [
        (
            &["--endpoint", nobody][..],
            "no server answers at http://127.0.0.1:1",
        ),
        (
            &["--endpoint", nobody],
            "hint: start one with 'stepwell serve'",
        ),
        (
            &["--endpoint", "127.0.0.1:8083"],
            "is no address of a server: http://HOST:PORT",
        ),
        (&["--endpoint", "http://a b/"], "is no address"),
        (
            &["--data-dir", "/no/such"],
            "there is no data directory /no/such",
        ),
        (&["--region", "US East"], "a region is lower-case letters"),
        (&["--account-id", "12"], "an account id is twelve digits"),
        (
            &["--endpoint", nobody, "--data-dir", "x"],
            "cannot be used with",
        ),
    ] {
        let arguments = [&["machine", "list"], arguments].concat();
        check(&arguments, 2, &[], &[told]);
    }
}

#[test]
fn the_environment_says_where_after_the_flags() {
    let place = Place::server();
    let url = place.server.as_ref().unwrap().url.as_str();
    let nobody = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    for environment in [
        vec![("STEPWELL_ENDPOINT", url), nobody],
        vec![("AWS_ENDPOINT_URL_SFN", url), nobody],
        vec![("AWS_ENDPOINT_URL", url)],
    ] {
        check_in(&environment, &["machine", "list"], 0, &["NAME"], &[]);
    }
    let flag = ["machine", "list", "--endpoint", url];
    check_in(
        &[("STEPWELL_DATA_DIR", "/no/such")],
        &flag,
        0,
        &["NAME"],
        &[],
    );
    let half = [("AWS_ACCESS_KEY_ID", "AKID")];
    check_in(&half, &flag, 2, &[], &["AWS_SECRET_ACCESS_KEY is not"]);
}

#[test]
fn a_directory_that_a_server_holds_is_left_to_it() {
    let place = Place::server();
    let data = place.file("data");
    let told = [
        "is in use by another process",
        "--endpoint http://127.0.0.1:8083",
    ];
    check(&["machine", "list", "--data-dir", &data], 2, &[], &told);
}

#[test]
fn requests_are_signed_with_the_key_of_the_environment() {
    let place = Place::with(|folder| {
        write_secret(&folder.path().join("keys.toml"), KEYS);
        let arguments = ["--keys", "keys.toml", "--region", "eu-west-1"];
        Some(Running::start(folder, &arguments))
    });
    let key = ("AWS_ACCESS_KEY_ID", "AKIDOWNER");
    let secret = ("AWS_SECRET_ACCESS_KEY", "owner/K7MDENG+bPxRfiCYEXAMPLEKEYS");
    let region = ("AWS_REGION", "eu-west-1");
    let run = |environment: &[(&str, &str)], line: &str, code, stdout: &[&str], stderr: &[&str]| {
        let arguments = place.arguments(line);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        check_in(environment, &arguments, code, stdout, stderr);
    };
    let ours = [key, secret, region];
    run(
        &ours,
        "task deploy echo FILE/echo.wasm",
        0,
        &["version   1"],
        &[],
    );
    let create = "machine create orders FILE/orders.asl.json";
    let arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders";
    run(&ours, create, 0, &[arn], &[]);
    run(
        &ours,
        "execution start orders --wait --input {\"good\":true}",
        0,
        &["true"],
        &[],
    );
    run(
        &[],
        create,
        2,
        &[],
        &["set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
    );
    let foreign = [("AWS_ACCESS_KEY_ID", "AKIDOTHER"), secret, region];
    run(
        &foreign,
        create,
        2,
        &[],
        &["must be one of the server's key file"],
    );
    run(&[key, secret], create, 2, &[], &["--region"]);
    let wrong = [key, ("AWS_SECRET_ACCESS_KEY", "x"), region];
    run(&wrong, create, 2, &[], &["InvalidSignatureException"]);
}

#[test]
fn names_are_of_the_account_that_is_asked_for() {
    let place = Place::server();
    let create = "machine create orders FILE/orders.asl.json --account-id 000000000000";
    place.check(create, 0, &[":000000000000:stateMachine:orders"], &[]);
    let describe = "machine describe orders";
    place.check(
        &format!("{describe} --account-id 000000000000"),
        0,
        &["orders"],
        &[],
    );
    let hint = "hint: names are looked for in region us-east-1, account 123456789012";
    place.check(describe, 2, &[], &["StateMachineDoesNotExist", hint]);
}

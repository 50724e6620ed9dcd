//! Search: it finds words and prefixes of words in any language and sorts better matches first. No
//! input is an error.

use serde_json::json;

use crate::kit::{Client, TestServer};

async fn create_all(client: &Client, titles: &[&str]) {
    for title in titles {
        client.create(title).await;
    }
}

/// The titles that a search finds, from A to Z.
async fn found(client: &Client, words: &str) -> Vec<String> {
    client.titles(&[("q", words), ("sort", "title")]).await
}

#[tokio::test]
async fn search_ignores_case_and_accents() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for (title, searches) in [
        ("Über die Straße gehen", &["uber", "ÜBER", "strasse", "STRASSE", "straße gehen"][..]),
        ("Café crème à la crème", &["cafe", "CREME", "crème"]),
        ("İstanbul'da ışık", &["istanbul", "İSTANBUL", "IŞIK", "ışık", "isik"]),
        ("Ο δρόμος της ΟΔΟΣ", &["δρομος", "ΔΡΌΜΟΣ", "οδός", "οδο"]),
        ("Ёлка и йогурт", &["елка", "ЁЛКА", "йогурт", "иогурт"]),
        ("كتاب مُحَمَّد أحمد", &["محمد", "مُحَمَّد", "احمد", "كتاب"]),
        ("שָׁלוֹם עולם", &["שלום", "עולם"]),
        ("हिन्दी की किताब", &["हिन्दी", "किताब", "किता"]),
        ("去超市买牛奶", &["牛奶", "买牛奶", "超市", "奶"]),
        ("東京でラーメンを食べる", &["東京", "ラーメン", "食べる", "ﾗｰﾒﾝ"]),
        ("ซื้อกาแฟที่ตลาด", &["กาแฟ", "ตลาด", "ซื้อ"]),
        ("우유 사기", &["우유", "사기", "우"]),
        ("Łódź søndag œuf ﬁn", &["lodz", "sondag", "oeuf", "fin"]),
        ("Việt Nam", &["viet", "VIỆT"]),
        ("Müll\u{ad}abfuhr be\u{200b}stel\u{2060}len", &["müllabfuhr", "bestell", "mü\u{ad}ll"]),
        ("می\u{200c}خواهم", &["میخواهم", "می\u{200c}خواهم", "می"]),
        ("क\u{94d}\u{200d}ष", &["क\u{94d}ष", "क\u{94d}\u{200d}ष"]),
    ] {
        let task = ada.create(title).await;
        for words in searches {
            assert_eq!(found(&ada, words).await, [title], "{words}");
            let other_way = found(&ada, &words.to_uppercase()).await;
            assert_eq!(other_way, [title], "{words} in capitals");
        }
        ada.delete(&crate::kit::at(task.id)).expect(204).await;
    }
}

#[tokio::test]
async fn every_word_of_the_query_must_match_as_a_prefix() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    create_all(&ada, &["Buy milk", "Buy oat milk", "Milk the cow", "Call Buyers", "10 eggs", "e-mail foo/bar_baz"])
        .await;
    ada.create_with(json!({"title": "Shopping", "description": "Milk, bread\nand eggs"})).await;
    create_all(&bob, &["Buy milk"]).await;
    assert_eq!(found(&ada, "milk").await, ["Buy milk", "Buy oat milk", "Milk the cow", "Shopping"]);
    assert_eq!(found(&ada, "  mi  BU ").await, ["Buy milk", "Buy oat milk"]);
    assert_eq!(found(&ada, "buy").await, ["Buy milk", "Buy oat milk", "Call Buyers"]);
    assert_eq!(found(&ada, "ilk").await, [""; 0]);
    assert_eq!(found(&ada, "milk eggs bread").await, ["Shopping"]);
    assert_eq!(found(&ada, "1").await, ["10 eggs"]);
    // The parts of a split word must stand together and in order.
    for words in ["e-mail", "foo/bar", "bar_baz", "bar", "mail", "foo bar", "bar foo"] {
        assert_eq!(found(&ada, words).await, ["e-mail foo/bar_baz"], "{words}");
    }
    for words in ["bar/foo", "foo/baz", "mail-e"] {
        assert_eq!(found(&ada, words).await, [""; 0], "{words}");
    }
}

#[tokio::test]
async fn characters_that_are_not_side_by_side_are_not_a_word() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_all(&ada, &["买牛奶", "奶牛", "牛肉和羊奶"]).await;
    assert_eq!(found(&ada, "牛奶").await, ["买牛奶"]);
    assert_eq!(found(&ada, "牛 奶").await.len(), 3);
    assert_eq!(found(&ada, "奶牛").await, ["奶牛"]);
}

#[tokio::test]
async fn the_better_match_comes_first() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create_with(json!({"title": "In the description", "description": "Buy milk"})).await;
    ada.create_with(json!({"title": "Milk in both", "description": "Buy milk"})).await;
    create_all(&ada, &["Milk in the title", "Elsewhere", "Milk again"]).await;
    let ranked = ada.titles(&[("q", "milk")]).await;
    // Among equal matches, the newest comes first.
    assert_eq!(ranked, ["Milk in both", "Milk again", "Milk in the title", "In the description"]);
    let worst_first = ada.titles(&[("q", "milk"), ("order", "asc")]).await;
    assert_eq!(worst_first, ranked.iter().rev().cloned().collect::<Vec<_>>());
    for limit in ["1", "2", "3"] {
        assert_eq!(ada.titles(&[("q", "milk"), ("limit", limit)]).await, ranked);
        assert_eq!(ada.titles(&[("q", "milk"), ("limit", limit), ("order", "asc")]).await, worst_first);
    }
}

#[tokio::test]
async fn pages_of_many_equal_matches_hold_each_task_once() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for number in 0..12 {
        let description = if number % 3 == 0 { "tea" } else { "" };
        let title = ["tea", "tea tea", "no"][number % 3];
        ada.create_with(json!({"title": title, "description": description})).await;
    }
    for order in ["asc", "desc"] {
        let whole = ada.all(&format!("q=tea&order={order}")).await;
        assert_eq!(whole.len(), 8);
        for limit in 1..=3 {
            assert_eq!(ada.all(&format!("q=tea&order={order}&limit={limit}")).await, whole);
        }
    }
}

#[tokio::test]
async fn search_finds_the_current_text() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    ada.update(task.id, json!({"title": "Buy bread", "description": "Käse"})).await;
    assert_eq!(found(&ada, "milk").await, [""; 0]);
    assert_eq!(found(&ada, "bread kase").await, ["Buy bread"]);
}

#[tokio::test]
async fn no_query_is_an_error() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let title = "It's a \"test\" of C:\\dir & co | x:*";
    ada.create(title).await;
    for words in
        ["it's", "'it''s'", "\"test\"", "c:\\dir", "&", "test & co", "!test", "te:*", "(test", "test)", "\\", "x:*ab"]
    {
        ada.page(&crate::kit::query(&[("q", words)])).await;
    }
    for words in ["it's", "test & co", "\"test\"", "c:\\dir", "te:*", "(test)", "x:*", "<-> test", "a\u{a0}test"] {
        assert_eq!(found(&ada, words).await, [title], "{words}");
    }
    // These queries contain no word.
    for words in ["&", "!|&", "''", "\"", "\\", ":*", "<->", "🦀", "。、", "…—", "\u{200b}", "\u{301}"] {
        assert_eq!(found(&ada, words).await, [""; 0], "{words}");
    }
    for words in ["a".repeat(200), "ü ".repeat(100), "\u{fdfa}".repeat(200), "牛".repeat(200), "'".repeat(200)] {
        assert_eq!(found(&ada, &words).await, [""; 0]);
    }
    let long = ada.create_with(json!({"title": "a".repeat(200), "description": "\u{fdfa}".repeat(1000)})).await;
    assert_eq!(found(&ada, &"a".repeat(200)).await, [long.title]);
}

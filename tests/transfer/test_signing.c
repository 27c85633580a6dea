/* Signatures against Amazon's published ones, and the texts that requests are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transfer/credentials.h"
#include "transfer/listing.h"
#include "transfer/sigv4.h"
#include "transfer/url.h"

static const char empty_sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void expect_signature(const calo_sigv4 *request, const char *credential, const char *names, const char *signature)
{
    calo_blob got = {0}, expected = {0};
    assert_int_equal(calo_sigv4_sign(request, &got, NULL), CALO_OK);
    assert_int_equal(calo_blob_print(&expected, NULL, "AWS4-HMAC-SHA256 Credential=%s/aws4_request, SignedHeaders=%s, "
                                     "Signature=%s", credential, names, signature), CALO_OK);
    assert_int_equal(got.size, expected.size);
    assert_memory_equal(got.bytes, expected.bytes, got.size);
    calo_blob_finish(&got);
    calo_blob_finish(&expected);
}

/* aws-sig-v4-test-suite: get-vanilla, get-vanilla-query-order-key-case, post-vanilla-query. */
static void signatures_of_the_test_suite(void **state)
{
    (void)state;
    static const calo_signed_header headers[] = {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}};
    static const char credential[] = "AKIDEXAMPLE/20150830/us-east-1/service", names[] = "host;x-amz-date";
    calo_sigv4 request = {
        .access_key = "AKIDEXAMPLE", .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", .region = "us-east-1",
        .service = "service", .method = "GET", .path = "/", .query = "", .headers = headers, .header_count = 2,
        .payload_sha256 = empty_sha256, .date_time = "20150830T123600Z",
    };
    expect_signature(&request, credential, names, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    request.query = "Param1=value1&Param2=value2";
    expect_signature(&request, credential, names, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    request.method = "POST";
    request.query = "Param1=value1";
    expect_signature(&request, credential, names, "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
}

static const char s3_credential[] = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3";

static calo_sigv4 s3_request(const char *method, const char *path, const char *query, const char *payload,
                             const calo_signed_header *headers, size_t count)
{
    return (calo_sigv4){
        .access_key = "AKIAIOSFODNN7EXAMPLE", .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        .region = "us-east-1", .service = "s3", .method = method, .path = path, .query = query, .headers = headers,
        .header_count = count, .payload_sha256 = payload, .date_time = "20130524T000000Z",
    };
}

/* Amazon S3's API reference, "Signature Calculations for the Authorization Header": its four examples. */
static void signatures_of_the_s3_reference(void **state)
{
    (void)state;
    static const char host[] = "examplebucket.s3.amazonaws.com", date[] = "20130524T000000Z";
    static const char put_payload[] = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    const calo_signed_header get[] = {{"host", host}, {"range", "bytes=0-9"}, {"x-amz-content-sha256", empty_sha256},
                                      {"x-amz-date", date}};
    const calo_signed_header put[] = {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"host", host},
                                      {"x-amz-content-sha256", put_payload}, {"x-amz-date", date},
                                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    const calo_signed_header list[] = {{"host", host}, {"x-amz-content-sha256", empty_sha256}, {"x-amz-date", date}};
    static const char list_names[] = "host;x-amz-content-sha256;x-amz-date";
    calo_sigv4 request = s3_request("GET", "/test.txt", "", empty_sha256, get, 4);
    expect_signature(&request, s3_credential, "host;range;x-amz-content-sha256;x-amz-date",
                     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    request = s3_request("PUT", "/test%24file.text", "", put_payload, put, 5);
    expect_signature(&request, s3_credential, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    request = s3_request("GET", "/", "lifecycle=", empty_sha256, list, 3);
    expect_signature(&request, s3_credential, list_names, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    request = s3_request("GET", "/", "max-keys=2&prefix=J", empty_sha256, list, 3);
    expect_signature(&request, s3_credential, list_names, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void dates_are_of_greenwich(void **state)
{
    (void)state;
    char text[17];
    calo_sigv4_date_time(1440938160, text);
    assert_string_equal(text, "20150830T123600Z");
}

static void texts_are_encoded_as_amazon_does(void **state)
{
    (void)state;
    calo_blob blob = {0};
    assert_int_equal(calo_url_encode(&blob, "a/b c+d=~\xc3\xa4%", true, NULL), CALO_OK);
    assert_int_equal(calo_url_encode(&blob, "/", false, NULL), CALO_OK);
    assert_int_equal(calo_blob_append(&blob, "", 1, NULL), CALO_OK);
    assert_string_equal(blob.bytes, "a/b%20c%2Bd%3D~%C3%A4%25%2F");
    calo_blob_finish(&blob);
}

static void expect_shown(const char *url, const char *expected)
{
    char *shown = calo_url_shown(url);
    assert_string_equal(shown, expected);
    free(shown);
}

static void urls_are_shown_without_secrets(void **state)
{
    (void)state;
    expect_shown("https://a.example/b", "https://a.example/b");
    expect_shown("https://anna:p@ss@a.example:80/b@c?key=1#d", "https://a.example:80/b@c");
    expect_shown("https://anna:pass@a.example?key=1", "https://a.example");
    expect_shown("https://a.example#key", "https://a.example");
    expect_shown("s3://bucket/what?#@", "s3://bucket/what?#@");
    expect_shown("https://a/b\nc\x7f", "https://a/b?c?");
    char url[2000] = "https://a/";
    memset(url + 10, 'x', sizeof url - 11);
    char *shown = calo_url_shown(url);
    assert_int_equal(strlen(shown), 293);
    free(shown);
}

static void profiles_are_read(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf\n[a]\n aws_access_key_id = 1 \n[b]\naws_access_key_id=2\n;aws_access_key_id=3\n"
                               "aws_secret_access_key = x = y\naws_session_token\n[a]\naws_secret_access_key=4";
    calo_credentials got = {0};
    bool found;
    assert_int_equal(calo_credentials_parse(text, sizeof text - 1, "a", &got, &found, NULL), CALO_OK);
    assert_true(found);
    assert_string_equal(got.access_key, "1");
    assert_string_equal(got.secret_key, "4");
    calo_credentials_finish(&got);
    assert_int_equal(calo_credentials_parse(text, sizeof text - 1, "b", &got, &found, NULL), CALO_OK);
    assert_string_equal(got.access_key, "2");
    assert_string_equal(got.secret_key, "x = y");
    assert_null(got.session_token);
    calo_credentials_finish(&got);
    assert_int_equal(calo_credentials_parse(text, sizeof text - 1, "c", &got, &found, NULL), CALO_OK);
    assert_false(found);
}

static void pages_are_read(void **state)
{
    (void)state;
    static const char xml[] = "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a&amp;<!-- -->b</Key>"
                              "<Owner><Key>no</Key></Owner></Contents><Key>no</Key><Contents><Key>&#228;</Key></Contents>"
                              "<NextContinuationToken>t+/=</NextContinuationToken></ListBucketResult>";
    static const char keys[] = "a&b\0\xc3\xa4";
    calo_listing listing;
    assert_int_equal(calo_listing_parse(xml, sizeof xml - 1, &listing, NULL), CALO_OK);
    assert_int_equal(listing.keys.size, sizeof keys);
    assert_memory_equal(listing.keys.bytes, keys, sizeof keys);
    assert_string_equal(listing.continuation.bytes, "t+/=");
    calo_listing_finish(&listing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_the_test_suite),   cmocka_unit_test(signatures_of_the_s3_reference),
        cmocka_unit_test(dates_are_of_greenwich),         cmocka_unit_test(texts_are_encoded_as_amazon_does),
        cmocka_unit_test(urls_are_shown_without_secrets), cmocka_unit_test(profiles_are_read),
        cmocka_unit_test(pages_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

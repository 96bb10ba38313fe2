#pragma once
#include <curl/curl.h>
#include <sys/prctl.h>

// libcurl's setters and getters are variadic, which Swift cannot call. The names in parentheses keep
// the type-checking macros of the header out.

static inline CURLcode sekisho_curl_set_long(CURL *handle, CURLoption option, long value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode sekisho_curl_set_text(CURL *handle, CURLoption option, const char *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode sekisho_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(handle, option, value);
}

// libcurl keeps a copy of the bytes.
static inline CURLcode sekisho_curl_set_blob(
    CURL *handle, CURLoption option, const void *bytes, size_t length) {
  struct curl_blob blob = {(void *)bytes, length, CURL_BLOB_COPY};
  return (curl_easy_setopt)(handle, option, &blob);
}

static inline CURLcode sekisho_curl_set_lines(CURL *handle, CURLoption option, struct curl_slist *lines) {
  return (curl_easy_setopt)(handle, option, lines);
}

typedef size_t (*sekisho_curl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode sekisho_curl_set_receivers(
    CURL *handle, sekisho_curl_receiver header, sekisho_curl_receiver body, void *context) {
  CURLcode code = (curl_easy_setopt)(handle, CURLOPT_HEADERFUNCTION, header);
  if (!code) code = (curl_easy_setopt)(handle, CURLOPT_HEADERDATA, context);
  if (!code) code = (curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, body);
  if (!code) code = (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, context);
  return code;
}

static inline CURLcode sekisho_curl_set_gate(CURL *handle, curl_prereq_callback gate, void *context) {
  CURLcode code = (curl_easy_setopt)(handle, CURLOPT_PREREQFUNCTION, gate);
  if (!code) code = (curl_easy_setopt)(handle, CURLOPT_PREREQDATA, context);
  return code;
}

static inline long sekisho_curl_long(CURL *handle, CURLINFO info) {
  long value = 0;
  return (curl_easy_getinfo)(handle, info, &value) == CURLE_OK ? value : 0;
}

static inline curl_off_t sekisho_curl_offset(CURL *handle, CURLINFO info) {
  curl_off_t value = 0;
  return (curl_easy_getinfo)(handle, info, &value) == CURLE_OK ? value : 0;
}

// Owned by the handle; NULL when there is none.
static inline const char *sekisho_curl_text(CURL *handle, CURLINFO info) {
  char *value = NULL;
  return (curl_easy_getinfo)(handle, info, &value) == CURLE_OK ? value : NULL;
}

static inline CURLMcode sekisho_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return (curl_multi_setopt)(multi, option, value);
}

// Names the calling thread for ps and debuggers, at most 15 bytes. prctl is variadic, and in no module.
static inline void sekisho_curl_name_thread(const char *name) {
  prctl(PR_SET_NAME, name);
}

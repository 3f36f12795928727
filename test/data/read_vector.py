import json, os, urllib.error, urllib.request

FEATURES = os.environ.get("FRESHET_URL", "http://127.0.0.1:8080")


def read(service, keys, request=None, timeout_ms=250):
    body = json.dumps({"keys": keys, "request": request or {}}).encode()
    headers = {"Content-Type": "application/json", "Freshet-Timeout-Ms": str(timeout_ms)}
    call = urllib.request.Request(f"{FEATURES}/v1/services/{service}:read", body, headers)
    try:
        with urllib.request.urlopen(call, timeout=timeout_ms / 1000 + 0.1) as answer:
            return json.load(answer)["results"]
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        raise RuntimeError(f"{problem['title']}: {problem['detail']}") from None


for result in read("fraud", [{"user_id": "you"}], {"amount_usd": 12.5}):
    if "error" in result:
        print(result["key"], result["error"]["detail"])
    else:
        print({name: feature["value"] for name, feature in result["features"].items()})

"""Open data with Python's standard library: records page by page, and a file checked against its SHA-256.

    python3 client.py http://127.0.0.1:8080 school-calendar
"""
import csv
import hashlib
import io
import json
import sys
import urllib.parse
import urllib.request


def read_json(url):
    with urllib.request.urlopen(url) as response:
        return json.load(response)


def records(base, dataset, **parameters):
    """All matching records of the latest version, page by page."""
    url = f"{base}/v1/datasets/{dataset}/records?{urllib.parse.urlencode(parameters)}"
    while url:
        page = read_json(url)
        yield from page["data"]
        following = page["links"]["next"]
        url = following and urllib.parse.urljoin(base, following)


def latest_csv(base, dataset):
    """The rows of the latest version's CSV. Raises ValueError if the bytes are not those that were published."""
    version = read_json(base + read_json(f"{base}/v1/datasets/{dataset}")["latest"]["href"].removeprefix(base))
    file = next(file for file in version["distributions"] if file["format"] == "csv")
    with urllib.request.urlopen(urllib.parse.urljoin(base, file["href"])) as response:
        data = response.read()
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        raise ValueError(f"{file['name']} is damaged")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"))))


if __name__ == "__main__":
    base, dataset = sys.argv[1].rstrip("/"), sys.argv[2]
    paged, rows = list(records(base, dataset, limit=10)), latest_csv(base, dataset)
    print(f"{dataset}: {len(paged)} records by the API, {len(rows)} in the CSV")
    sys.exit(0 if len(paged) == len(rows) else 1)

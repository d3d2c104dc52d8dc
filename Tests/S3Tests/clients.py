"""What real S3 clients do, against a running server: clients.py boto3|aws|rclone|s3cmd http://HOST:PORT

The key comes from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Ends with 0 when all is as S3 would have it.
"""
import base64, hashlib, json, os, subprocess, sys, tempfile, urllib.error, urllib.request, zlib

CLIENT, ENDPOINT = sys.argv[1], sys.argv[2]
BUCKET = f"bucket-{CLIENT}"
PLACE = tempfile.mkdtemp(prefix="s3-clients-")
ENV = {k: v for k, v in os.environ.items() if not k.endswith("_CA_BUNDLE")}  # rclone 1.60 fails with AWS_CA_BUNDLE
ENV.update(AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=f"{PLACE}/aws",
           AWS_SHARED_CREDENTIALS_FILE="/dev/null", HOME=PLACE)
# Keys that a careless server, or a careless file system, takes for another one, for a folder or for a way out.
ODD = ["a", "a/", "a//b", "a/./b", "a/../b", "../../etc/passwd", "..", ".", "/rooted", "é", "e\u0301", "A",
       "with space+plus&amp;", "100%25", "tab\tand\nline", "🦊/?#[]@!$'()*,;=:~", "x" * 1024]


def blob(size, seed=b"s3"):
    """Bytes that compress badly and repeat nowhere."""
    return hashlib.shake_128(seed).digest(size)


def path(name, data=None):
    file = os.path.join(PLACE, name)
    if data is not None:
        with open(file, "wb") as handle:
            handle.write(data)
    return file


def read(name):
    with open(path(name), "rb") as handle:
        return handle.read()


# The CLI presigns with V2 otherwise, in the first region.
path("aws", b"[default]\ns3 =\n  signature_version = s3v4\n")


def run(*command, ok=True):
    done = subprocess.run(command, env=ENV, capture_output=True, text=True)
    assert (done.returncode == 0) == ok, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + ("" if ok else done.stderr)


def fetch(url, method="GET", data=None, headers={}):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def boto():
    import boto3
    from botocore.config import Config
    os.environ.update(ENV)
    return boto3.client("s3", endpoint_url=ENDPOINT, config=Config(
        signature_version="s3v4", retries={"max_attempts": 0}, s3={"addressing_style": "path"}))


def refused(code, call, **arguments):
    from botocore.exceptions import ClientError
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response
    raise AssertionError(f"{call} was not refused with {code}")


def test_boto3():
    s3 = boto()
    from boto3.s3.transfer import TransferConfig
    refused("NoSuchBucket", s3.list_objects_v2, Bucket=BUCKET)
    refused("404", s3.head_bucket, Bucket=BUCKET)
    refused("InvalidBucketName", s3.create_bucket, Bucket="Not_A_Bucket_".lower())
    s3.create_bucket(Bucket=BUCKET)
    s3.head_bucket(Bucket=BUCKET)
    assert BUCKET in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
    at = {"Bucket": BUCKET, "Key": "k"}

    # Objects with all that is kept with them.
    put = s3.put_object(**at, Body=b"hello", ContentType="text/plain", Metadata={"colour": "green", "Case": "kept"},
                        CacheControl="no-cache", ContentDisposition="attachment; filename=x", ContentLanguage="de",
                        ContentEncoding="identity")
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"' and put["ChecksumCRC32"]  # today's default
    head = s3.head_object(**at, ChecksumMode="ENABLED")
    assert head["ContentLength"] == 5 and head["ContentType"] == "text/plain" and head["CacheControl"] == "no-cache"
    assert head["Metadata"] == {"colour": "green", "case": "kept"} and head["ChecksumCRC32"] == put["ChecksumCRC32"]
    got = s3.get_object(**at, ChecksumMode="ENABLED", ResponseContentType="a/b", ResponseContentDisposition="inline")
    assert got["Body"].read() == b"hello" and got["ContentType"] == "a/b" and got["ContentDisposition"] == "inline"
    for algorithm in ["SHA1", "SHA256", "CRC32"]:
        answer = s3.put_object(**at, Body=b"hello", ChecksumAlgorithm=algorithm)
        assert answer[f"Checksum{algorithm}"]
    refused("BadDigest", s3.put_object, **at, Body=b"hello", ChecksumCRC32="AAAAAA==")
    refused("BadDigest", s3.put_object, **at, Body=b"hello", ContentMD5=base64.b64encode(b"0" * 16).decode())
    refused("InvalidDigest", s3.put_object, **at, Body=b"hello", ContentMD5="short")
    refused("NoSuchKey", s3.get_object, Bucket=BUCKET, Key="missing")
    refused("404", s3.head_object, Bucket=BUCKET, Key="missing")
    refused("KeyTooLongError", s3.put_object, Bucket=BUCKET, Key="x" * 1025, Body=b"")

    # Ranges and conditions.
    etag, other = put["ETag"], '"00000000000000000000000000000000"'
    part = s3.get_object(**at, Range="bytes=1-3")
    assert part["Body"].read() == b"ell" and part["ContentRange"] == "bytes 1-3/5"
    assert s3.get_object(**at, Range="bytes=-2")["Body"].read() == b"lo"
    assert s3.get_object(**at, Range="bytes=2-")["Body"].read() == b"llo"
    refused("InvalidRange", s3.get_object, **at, Range="bytes=5-")
    refused("304", s3.get_object, **at, IfNoneMatch=etag)
    refused("PreconditionFailed", s3.get_object, **at, IfMatch=other)
    refused("304", s3.get_object, **at, IfModifiedSince=head["LastModified"].replace(year=2100))
    refused("PreconditionFailed", s3.get_object, **at, IfUnmodifiedSince=head["LastModified"].replace(year=2000))
    refused("PreconditionFailed", s3.put_object, **at, Body=b"", IfNoneMatch="*")
    refused("PreconditionFailed", s3.put_object, **at, Body=b"", IfMatch=other)
    refused("NoSuchKey", s3.put_object, Bucket=BUCKET, Key="missing", Body=b"", IfMatch=etag)
    s3.put_object(**at, Body=b"hello", IfMatch=etag)

    # Copies.
    source = {"Bucket": BUCKET, "Key": "k"}
    s3.put_object(**at, Body=b"hello", Metadata={"x": "y"})
    s3.copy_object(Bucket=BUCKET, Key="copy é+ ", CopySource=source)
    assert s3.head_object(Bucket=BUCKET, Key="copy é+ ")["Metadata"] == {"x": "y"}
    s3.copy_object(Bucket=BUCKET, Key="k2", CopySource={"Bucket": BUCKET, "Key": "copy é+ "})
    refused("InvalidRequest", s3.copy_object, **at, CopySource=source)
    s3.copy_object(**at, CopySource=source, MetadataDirective="REPLACE", Metadata={"x": "z"})
    assert s3.head_object(**at)["Metadata"] == {"x": "z"}
    refused("PreconditionFailed", s3.copy_object, Bucket=BUCKET, Key="k2", CopySource=source, CopySourceIfMatch=other)
    refused("NoSuchKey", s3.copy_object, Bucket=BUCKET, Key="k2", CopySource={"Bucket": BUCKET, "Key": "missing"})

    # Odd keys are objects of their own, everywhere.
    for number, key in enumerate(ODD):
        s3.put_object(Bucket=BUCKET, Key=f"{key}", Body=str(number).encode())
    for number, key in enumerate(ODD):
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == str(number).encode(), key
    listed = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, PaginationConfig={"PageSize": 3}) for o in page["Contents"]]
    expected = sorted([*ODD, "k", "k2", "copy é+ "], key=lambda key: key.encode())
    assert listed == expected, (listed, expected)
    old = [o["Key"] for page in s3.get_paginator("list_objects").paginate(
        Bucket=BUCKET, PaginationConfig={"PageSize": 2}) for o in page["Contents"]]
    assert old == expected
    page = s3.list_objects_v2(Bucket=BUCKET, Prefix="a/", Delimiter="/", MaxKeys=10)
    assert [p["Prefix"] for p in page["CommonPrefixes"]] == ["a/../", "a/./", "a//"], page
    assert [o["Key"] for o in page["Contents"]] == ["a/"] and page["KeyCount"] == 4
    assert s3.list_objects_v2(Bucket=BUCKET, StartAfter="k")["Contents"][0]["Key"] == "k2"
    refused("InvalidArgument", s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="nonsense")
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=BUCKET)
    gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": k} for k in ODD if k != "tab\tand\nline"]})
    assert len(gone["Deleted"]) == len(ODD) - 1 and "Errors" not in gone
    s3.delete_object(Bucket=BUCKET, Key="tab\tand\nline")
    s3.delete_object(Bucket=BUCKET, Key="never there")
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 3

    # Multipart: 64 MiB by the transfer manager, then by hand.
    data = blob(64 << 20)
    s3.upload_file(path("big", data), BUCKET, "big", Config=TransferConfig(multipart_chunksize=8 << 20),
                   ExtraArgs={"Metadata": {"x": "y"}})
    head = s3.head_object(Bucket=BUCKET, Key="big", ChecksumMode="ENABLED")
    md5s = b"".join(hashlib.md5(data[at:at + (8 << 20)]).digest() for at in range(0, len(data), 8 << 20))
    assert head["ETag"] == f'"{hashlib.md5(md5s).hexdigest()}-8"' and head["Metadata"] == {"x": "y"}
    assert head["ChecksumType"] == "COMPOSITE" and head["ChecksumCRC32"].endswith("-8")
    s3.download_file(BUCKET, "big", path("big.back"))
    assert read("big.back") == data
    name = {"Bucket": BUCKET, "Key": "by hand"}
    upload = {**name, "UploadId": s3.create_multipart_upload(
        **name, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")["UploadId"]}
    parts = []
    for number, size in [(1, 5 << 20), (2, 7)]:
        answer = s3.upload_part(**upload, PartNumber=number, Body=data[:size], ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    big = {"Bucket": BUCKET, "Key": "big"}
    answer = s3.upload_part_copy(**upload, PartNumber=3, CopySource=big, CopySourceRange="bytes=10-19")
    parts.append({"PartNumber": 3, "ETag": answer["CopyPartResult"]["ETag"]})
    listing = s3.list_parts(**upload, MaxParts=2)
    assert [p["Size"] for p in listing["Parts"]] == [5 << 20, 7] and listing["IsTruncated"]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == ["by hand"]
    refused("EntityTooSmall", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts})
    refused("InvalidPartOrder", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts[::-1]})
    wrong = [{**parts[0], "ETag": other}]
    refused("InvalidPart", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": wrong})
    joined = data[:5 << 20] + data[10:20]
    crc = base64.b64encode(zlib.crc32(joined).to_bytes(4, "big")).decode()
    for _ in range(2):  # A repetition after a lost answer is told the same.
        done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [parts[0], parts[2]]},
                                            ChecksumType="FULL_OBJECT", ChecksumCRC32=crc)
        assert done["ChecksumCRC32"] == crc and done["ETag"].endswith('-2"')
    assert s3.get_object(**name)["Body"].read() == joined
    refused("NoSuchUpload", s3.upload_part, **upload, PartNumber=1, Body=b"")
    upload = {**name, "UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    s3.abort_multipart_upload(**upload)
    refused("NoSuchUpload", s3.list_parts, **upload)

    # Presigned URLs.
    url = s3.generate_presigned_url("put_object", Params={**at, "ContentType": "a/b"}, ExpiresIn=60)
    assert fetch(url, "PUT", b"by URL", {"Content-Type": "a/b"})[0] == 200
    assert fetch(url, "PUT", b"by URL", {"Content-Type": "c/d"})[0] == 403
    assert fetch(url, "PUT", b"by URL", {"Content-Type": "a/b", "x-amz-meta-x": "unsigned"})[0] == 403
    url = s3.generate_presigned_url("get_object", Params={**at, "ResponseContentDisposition": "attachment; filename=ü"})
    status, data, headers = fetch(url, headers={"Range": "bytes=3-"})
    assert (status, data) == (206, b"URL"), (status, data)
    assert fetch(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"))[0] == 403
    assert fetch(url.replace("/k?", "/k2?"))[0] == 403
    assert fetch(url, "DELETE")[0] == 403
    assert fetch(f"{ENDPOINT}/{BUCKET}/k")[0] == 403

    # Rules.
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=BUCKET)
    rule = {"AllowedOrigins": ["https://*.example"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-amz-*"],
            "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == [rule]
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT",
           "Access-Control-Request-Headers": "X-Amz-Date"}
    status, _, headers = fetch(f"{ENDPOINT}/{BUCKET}/k", "OPTIONS", headers=ask)
    assert status == 200 and headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert fetch(f"{ENDPOINT}/{BUCKET}/k", "OPTIONS", headers={**ask, "Origin": "https://b.test"})[0] == 403
    s3.delete_bucket_cors(Bucket=BUCKET)
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "in/"},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [rule]
    rule["Expiration"] = {"Days": 1}
    refused("NotImplemented", s3.put_bucket_lifecycle_configuration, Bucket=BUCKET,
            LifecycleConfiguration={"Rules": [rule]})
    s3.delete_bucket_lifecycle(Bucket=BUCKET)

    # What is not there says so.
    for call in [s3.get_bucket_acl, s3.get_bucket_policy, s3.get_bucket_versioning, s3.get_bucket_tagging]:
        refused("NotImplemented", call, Bucket=BUCKET)
    for call in [s3.get_object_acl, s3.get_object_tagging]:
        refused("NotImplemented", call, **at)
    refused("NotImplemented", s3.put_object, **at, Body=b"", ACL="public-read")
    refused("NotImplemented", s3.put_object, **at, Body=b"", Tagging="a=b")
    refused("NotImplemented", s3.put_object, **at, Body=b"", ServerSideEncryption="AES256")
    s3.delete_objects(Bucket=BUCKET, Delete={"Quiet": True, "Objects": [
        {"Key": o["Key"]} for o in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]})
    s3.delete_bucket(Bucket=BUCKET)
    refused("NoSuchBucket", s3.delete_bucket, Bucket=BUCKET)


def test_aws():
    aws = [os.path.join(os.path.dirname(sys.executable), "aws"), "--endpoint-url", ENDPOINT]
    data = blob(64 << 20, b"aws")
    os.makedirs(path("tree/a/b"))
    for name in ["one", "a/two", "a/b/é"]:
        path(f"tree/{name}", name.encode())
    run(*aws, "s3", "mb", f"s3://{BUCKET}")
    run(*aws, "s3", "cp", path("big", data), f"s3://{BUCKET}/big")
    run(*aws, "s3", "cp", f"s3://{BUCKET}/big", path("back"))
    assert read("back") == data
    run(*aws, "s3", "sync", path("tree"), f"s3://{BUCKET}/tree")
    assert "upload" not in run(*aws, "s3", "sync", path("tree"), f"s3://{BUCKET}/tree")
    run(*aws, "s3", "sync", f"s3://{BUCKET}/tree", path("tree2"))
    assert read("tree2/a/b/é") == "a/b/é".encode()
    assert "PRE a/" in run(*aws, "s3", "ls", f"s3://{BUCKET}/tree/")
    run(*aws, "s3", "mv", f"s3://{BUCKET}/tree/one", f"s3://{BUCKET}/moved")
    run(*aws, "s3", "cp", f"s3://{BUCKET}/big", f"s3://{BUCKET}/big2")
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
        answer = json.loads(run(*aws, "s3api", "put-object", "--bucket", BUCKET, "--key", algorithm, "--body",
                                path("tree/one"), "--checksum-algorithm", algorithm))
        got = json.loads(run(*aws, "s3api", "get-object", "--bucket", BUCKET, "--key", algorithm, "--checksum-mode",
                             "ENABLED", path("checked")))
        assert got[f"Checksum{algorithm}"] == answer[f"Checksum{algorithm}"]
    url = run(*aws, "s3", "presign", f"s3://{BUCKET}/moved").strip()
    assert fetch(url)[1] == b"one"
    run(*aws, "s3", "rb", "--force", f"s3://{BUCKET}")
    assert BUCKET not in run(*aws, "s3", "ls")


def test_rclone():
    path("rclone.conf", f"[s]\ntype = s3\nprovider = Other\nenv_auth = true\nendpoint = {ENDPOINT}\n"
         "force_path_style = true\nchunk_size = 5M\nupload_cutoff = 6M\n".encode())
    rclone = ["rclone", "--config", path("rclone.conf"), "--retries", "1", "--low-level-retries", "1"]
    data = blob(64 << 20, b"rclone")
    os.makedirs(path("tree/a/b"))
    path("tree/big", data)
    path("tree/a/b/e\u0301", b"two")
    path("tree/a/empty", b"")
    path("tree/a/plus + & ü", b"odd")
    run(*rclone, "mkdir", f"s:{BUCKET}")
    run(*rclone, "sync", path("tree"), f"s:{BUCKET}/tree")
    run(*rclone, "check", path("tree"), f"s:{BUCKET}/tree", "--download")
    run(*rclone, "check", path("tree"), f"s:{BUCKET}/tree")
    run(*rclone, "copyto", f"s:{BUCKET}/tree/big", f"s:{BUCKET}/copy")
    run(*rclone, "moveto", f"s:{BUCKET}/copy", f"s:{BUCKET}/moved")
    run(*rclone, "copyto", f"s:{BUCKET}/moved", path("back"))
    assert read("back") == data
    assert run(*rclone, "cat", "--offset", "1", "--count", "2", f"s:{BUCKET}/tree/a/b/e\u0301") == "wo"
    listed = run(*rclone, "lsf", "-R", "--files-only", f"s:{BUCKET}").split("\n")[:-1]
    assert sorted(listed) == sorted(["moved", "tree/big", "tree/a/b/e\u0301", "tree/a/empty", "tree/a/plus + & ü"])
    os.remove(path("tree/a/empty"))
    run(*rclone, "sync", path("tree"), f"s:{BUCKET}/tree")
    assert "empty" not in run(*rclone, "lsf", "-R", f"s:{BUCKET}")
    run(*rclone, "cleanup", f"s:{BUCKET}")
    run(*rclone, "purge", f"s:{BUCKET}")
    assert BUCKET not in run(*rclone, "lsd", "s:")


def test_s3cmd():
    host = ENDPOINT.removeprefix("http://")
    path("s3cfg", f"[default]\naccess_key = {ENV['AWS_ACCESS_KEY_ID']}\nsecret_key = {ENV['AWS_SECRET_ACCESS_KEY']}\n"
         f"host_base = {host}\nhost_bucket = {host}\nuse_https = False\n".encode())
    s3cmd = ["s3cmd", "--config", path("s3cfg"), "--no-progress", "--multipart-chunk-size-mb=5"]
    data = blob(64 << 20, b"s3cmd")
    run(*s3cmd, "mb", f"s3://{BUCKET}")
    run(*s3cmd, "put", path("big", data), f"s3://{BUCKET}/dir/big é+")
    run(*s3cmd, "get", f"s3://{BUCKET}/dir/big é+", path("back"))
    assert read("back") == data
    run(*s3cmd, "put", "--add-header=x-amz-meta-x: y", path("small", b"small"), f"s3://{BUCKET}/small")
    run(*s3cmd, "cp", f"s3://{BUCKET}/small", f"s3://{BUCKET}/copy")
    run(*s3cmd, "mv", f"s3://{BUCKET}/copy", f"s3://{BUCKET}/moved")
    assert run(*s3cmd, "ls", f"s3://{BUCKET}/").count("s3://") == 3
    os.makedirs(path("tree/a"))
    path("tree/a/x", b"x")
    run(*s3cmd, "sync", path("tree") + "/", f"s3://{BUCKET}/tree/")
    assert "DIR" in run(*s3cmd, "ls", f"s3://{BUCKET}/tree/")
    url = run(*s3cmd, "signurl", f"s3://{BUCKET}/moved", "+60").strip()
    assert fetch(url)[0] == 400  # Signature V2, which is not spoken.
    run(*s3cmd, "del", "--recursive", "--force", f"s3://{BUCKET}")
    run(*s3cmd, "rb", f"s3://{BUCKET}")
    assert BUCKET not in run(*s3cmd, "ls")


try:
    globals()[f"test_{CLIENT}"]()
finally:
    subprocess.run(["rm", "-rf", PLACE], check=True)

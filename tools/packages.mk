# SPDX-License-Identifier: Apache-2.0
# Debian packages, one a line. libbpf and bpftool come from the backports suite on Debian 12.
PACKAGES_BUILD := \
	clang \
	gcc \
	git \
	libbpf-dev \
	bpftool \
	libc6-dev \
	libcap-ng-dev \
	libcurl4-openssl-dev \
	libelf-dev \
	libiberty-dev \
	libjansson-dev \
	libmicrohttpd-dev \
	libncurses-dev \
	libnghttp2-dev \
	libpcre2-dev \
	libprotobuf-c-dev \
	libsqlite3-dev \
	libssl-dev \
	libxxhash-dev \
	libyaml-dev \
	linux-libc-dev \
	llvm \
	make \
	nodejs \
	npm \
	pkgconf \
	protobuf-c-compiler \
	zlib1g-dev

PACKAGES_TEST := \
	bind9-dnsutils \
	busybox-static \
	chromium \
	clang-format \
	cpio \
	curl \
	dnsmasq-base \
	dnsperf \
	fish \
	fonts-dejavu-core \
	haproxy \
	iproute2 \
	iptables \
	jq \
	kcat \
	libclang-rt-dev \
	libcmocka-dev \
	libdbd-mariadb-perl \
	lz4 \
	mariadb-client \
	mariadb-server \
	memcached \
	mosquitto \
	mosquitto-clients \
	nats-server \
	nghttp2-client \
	nghttp2-server \
	nginx-light \
	openssl \
	pngquant \
	podman \
	postgresql \
	postgresql-client \
	procps \
	prometheus \
	python3 \
	python3-grpcio \
	python3-kazoo \
	python3-mysqldb \
	python3-paho-mqtt \
	python3-pika \
	python3-psycopg \
	python3-psycopg2 \
	python3-pymemcache \
	python3-pymongo \
	python3-pymysql \
	python3-redis \
	qemu-system-x86 \
	rabbitmq-server \
	redis-server \
	redis-tools \
	runc \
	tmux \
	tshark \
	wrk \
	zookeeper \
	zsh \
	zstd

# Of the architecture that is built for with ARCH=: its compiler and emulator here, what its guests run in a tree.
PACKAGES_CROSS_arm64 := \
	gcc-aarch64-linux-gnu \
	qemu-system-arm

PACKAGES_GUEST := \
	curl \
	jq \
	nginx-light \
	openssl

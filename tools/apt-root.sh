# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by what downloads Debian packages of another suite or architecture without touching this
# machine's apt. The mirrors are the ones that this machine's apt uses. Each function returns 77 and
# says why on standard error where something cannot be had.
apt_root_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

apt_root_cannot() { # TEXT
	echo "$(basename "$0"): $1" >&2
	return 77
}

# The address from which this machine's apt gets a suite; empty if it does not.
apt_root_mirror_of() { # SUITE
	# shellcheck disable=SC2016 # apt fills it in
	apt-get indextargets --format '$(SITE)' "Identifier: Packages" "Component: main" \
		"Codename: $1" | sed -n 1p
}

# Sets main_mirror and security_mirror, which may be empty.
apt_root_find_mirrors() {
	local codename

	command -v apt-get >/dev/null || apt_root_cannot 'apt-get is not installed' || return
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	main_mirror=$(apt_root_mirror_of "$codename") || true
	security_mirror=$(apt_root_mirror_of "$codename-security") || true
	grep -qx 'ID=debian' /etc/os-release && [ -n "$main_mirror" ] ||
		apt_root_cannot "this machine's apt has no Debian mirror"
}

# An apt of its own in ROOT. The machine's apt.conf is read first, for its proxy; its hooks and
# architectures are not for this one. SECURITY_SUITE may be -.
apt_root_write() { # ROOT ARCHITECTURE SUITE SECURITY_SUITE
	local signed="[arch=$2 signed-by=$apt_root_keyring]"

	mkdir -p "$1"/{lists,archives}/partial "$1/download"
	touch "$1/status"
	echo "deb $signed $main_mirror $3 main" >"$1/sources.list"
	if [ "$4" != - ] && [ -n "$security_mirror" ]; then
		echo "deb $signed $security_mirror $4 main" >>"$1/sources.list"
	fi
	cat >"$1/apt.conf" <<-END
		#clear APT::Update;
		#clear APT::Architectures;
		#clear Acquire::IndexTargets::deb::DEP-11;
		APT::Architecture "$2";
		APT::Architectures { "$2"; };
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "60";
		Dir::State "$1";
		Dir::State::status "$1/status";
		Dir::State::lists "$1/lists";
		Dir::Cache "$1";
		Dir::Cache::archives "$1/archives";
		Dir::Etc::sourcelist "$1/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::Log "$1";
	END
}

apt_root_update() { # ROOT SUITE
	apt-get -c "$1/apt.conf" -qq update >"$1/log" 2>&1 ||
		apt_root_cannot "no package list of $2: $(grep -m 2 '^[EW]:' "$1/log")"
}

#pragma once
// First: <linux/netfilter.h> brings kernel twins of these structures unless they are there already.
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <linux/netlink.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

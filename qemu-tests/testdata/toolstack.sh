#!/bin/busybox sh
# Xen's own toolstack works with a guest of ours; stock Linux's init starts this in domain 0.
. /xen/tools

# Domain 0's end of a guest's network interface, which it serves a page on.
insmod /xen-netback.ko
cat > /bin/vif <<'X'
#!/bin/busybox sh
if [ $1 = online ]; then
	ip addr add 10.0.0.1/24 dev $vif
	ip link set $vif up
	xenstore write $XENBUS_PATH/hotplug-status connected
fi
X
chmod +x /bin/vif
mkdir /www
echo "a page of domain 0's" > /www/page
httpd -h /www
cat > /tmp/devices.cfg <<X
name="devices"
kernel="/devices.elf"
memory=64
vcpus=1
vif=["mac=00:16:3e:00:00:01,script=/bin/vif"]
extra="address=10.0.0.2/24 fetch=http://10.0.0.1/page"
X
xl create /tmp/devices.cfg
for i in $(seq 200); do
	xl list devices >/dev/null 2>&1 || break
	sleep 0.2
done
cat /var/log/xen/guest-devices.log

log=/var/log/xen/guest-tenant.log
# said waits until the guest has said something so many times.
said() {
	for i in $(seq 200); do
		[ "$(grep -c "$1" $log 2>/dev/null)" -ge $2 ] && return
		sleep 0.2
	done
	echo "toolstack: the guest never said: $1"
}
# lives waits until the guest counts on.
lives() {
	id=$(xl domid tenant)
	before=$(xenstore read /local/domain/$id/data/alive)
	for i in $(seq 200); do
		[ "$(xenstore read /local/domain/$id/data/alive)" != "$before" ] && echo "toolstack: $1: it lives" && return
		sleep 0.2
	done
	echo "toolstack: $1: it does not count on"
}

cat > /tmp/tenant.cfg <<X
name="tenant"
kernel="/tenant.elf"
memory=40
vcpus=1
X
xl create /tmp/tenant.cfg
said "as it should be" 1
lives created
xl mem-set tenant 32
for i in $(seq 100); do
	xl list tenant | grep -q '  *32  *1 ' && echo "toolstack: it has 32 MiB" && break
	sleep 0.2
done
xenstore write /local/domain/$(xl domid tenant)/data/from-domain-0 hello
said "domain 0 has written" 1
xl save -c tenant /tmp/saved >/dev/null 2>&1
said "cancelled: true" 1
lives "saved, and left to go on"
xl save tenant /tmp/saved >/dev/null 2>&1
xl list tenant >/dev/null 2>&1 || echo "toolstack: it is gone"
xl restore /tmp/saved >/dev/null 2>&1
said "cancelled: false" 1
lives restored
xl shutdown -w tenant >/dev/null 2>&1
said "asked to power off" 1
xl list tenant >/dev/null 2>&1 || echo "toolstack: it has ended"
cat $log
poweroff -f

#!/bin/busybox sh
# Stock Linux is a guest without privileges of Xen's own toolstack, with a disk and a network interface; domain 0's Linux starts this, and has both back ends.
. /xen/tools
insmod /brd.ko rd_nr=1 rd_size=65536
insmod /xen-blkback.ko
insmod /xen-netback.ko
# xl runs these two when a device comes and goes, and waits for what they write.
mkdir -p /etc/xen/scripts
cat > /etc/xen/scripts/block <<'Y'
#!/bin/busybox sh
if [ $1 = add ]; then
	xenstore write $XENBUS_PATH/physical-device 1:0 $XENBUS_PATH/hotplug-status connected
fi
Y
cat > /bin/vif <<'Y'
#!/bin/busybox sh
if [ $1 = online ]; then
	ip addr add 10.0.0.1/24 dev $vif
	ip link set $vif up
	xenstore write $XENBUS_PATH/hotplug-status connected
fi
Y
chmod +x /bin/vif /etc/xen/scripts/block
# A peer that sends back what it gets.
nc -ll -p 7 -e /bin/busybox cat &
cat > /tmp/linux.cfg <<Y
name="linux"
kernel="/guest/vmlinux"
ramdisk="/guest/initramfs.cpio"
memory=256
vcpus=1
disk=["phy:/dev/ram0,xvda,w"]
vif=["mac=00:16:3e:00:00:01,script=/bin/vif"]
on_poweroff="destroy"
on_reboot="restart"
on_crash="destroy"
extra="$(cat /guest/words)"
Y
xl create -F /tmp/linux.cfg # until its end
# Not by init's pipe, of which the end of the machine would cut off what is left; nor before the terminal has all.
{
	sed 's/^/linux: /' /var/log/xen/guest-linux.log
	stty sane
	sleep 2
} <>/dev/console >&0 2>&0
poweroff -f

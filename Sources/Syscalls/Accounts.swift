// Names of users and groups, from whatever the system keeps them in.
//
// These calls may read files or ask a directory service: for messages to people, never for logic.

internal import Glibc

package enum Accounts {
    package static func userName(_ identifier: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: 4096)
        return room.withUnsafeMutableBufferPointer { space -> String? in
            getpwuid_r(identifier, &entry, space.baseAddress!, space.count, &found)
            return found.map { String(cString: $0.pointee.pw_name) }
        }
    }

    package static func groupName(_ identifier: UInt32) -> String? {
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var room = [CChar](repeating: 0, count: 4096)
        return room.withUnsafeMutableBufferPointer { space -> String? in
            getgrgid_r(identifier, &entry, space.baseAddress!, space.count, &found)
            return found.map { String(cString: $0.pointee.gr_name) }
        }
    }

    /// The groups that this process belongs to.
    package static var memberships: [UInt32] {
        var groups = [gid_t](repeating: 0, count: 1024)
        let count = getgroups(Int32(groups.count), &groups)
        return [getegid()] + groups.prefix(Int(max(0, count)))
    }
}

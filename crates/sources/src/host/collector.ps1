# Collects what decides whether Remote Desktop works on this Windows, and prints it as JSON. It reads, and changes nothing.
# Windows PowerShell 2 or later; run it as administrator, or much is "unreadable". On another machine:
#   rdpdoctor {command} check FILE
# It reads no key, no password and nobody's documents; of a machine that one connects from also .rdp files without the
# passwords in them, for whom credentials are stored, which servers mstsc remembers, the hosts file, and what the DNS cache has
# of these servers alone. Else: settings of Remote Desktop, TLS and the firewall, names of Group Policy objects and what they
# set of those settings, names and rights of key files, certificates without keys, the events that concern Remote Desktop,
# and who listens on TCP ports.

$ErrorActionPreference = 'Stop'

$Settings = @'
{settings}
'@
$Trees = @({trees})
$Whole = @(
{whole}
)
$Services = @({services})
$Stores = @({stores})
$Files = @({files})
$KeyFolders = @({key_folders})
$Events = @'
{events}
'@
$DaysBack = {days}
# Whether this machine is looked at as one that connects.
$Client = {client}
$UserFolders = @({folders})
$Hosts = '{hosts}'
$Remembered = '{remembered}'
$Profiles = '{profiles}'
$MostUsers = {most_users}
# Whom the DNS cache is asked for besides the servers of connections.
$AlsoCached = @({also_cached})
$MostEvents = 400
# Which Group Policy objects were applied, and where their files lie.
$History = '{history}'
$LocalPolicy = '{local_policy}'
$PolicyCopies = '{policy_copies}'

function Format-Text($text) {
    $out = New-Object System.Text.StringBuilder
    [void]$out.Append('"')
    foreach ($letter in ([string]$text).ToCharArray()) {
        $code = [int]$letter
        if ($code -eq 34 -or $code -eq 92) { [void]$out.Append('\').Append($letter) }
        elseif ($code -lt 32 -or $code -gt 126) { [void]$out.Append('\u' + $code.ToString('x4')) }
        else { [void]$out.Append($letter) }
    }
    [void]$out.Append('"')
    return $out.ToString()
}

function Format-Json($value) {
    if ($null -eq $value) { return 'null' }
    if ($value -is [bool]) { if ($value) { return 'true' } else { return 'false' } }
    if ($value -is [int] -or $value -is [long] -or $value -is [uint32] -or $value -is [uint64]) { return $value.ToString() }
    if ($value -is [System.Collections.IDictionary]) {
        $fields = @()
        foreach ($name in $value.Keys) { $fields += (Format-Text $name) + ': ' + (Format-Json $value[$name]) }
        return '{' + [string]::Join(', ', [string[]]$fields) + '}'
    }
    if ($value -is [array]) {
        $items = @()
        foreach ($item in $value) { $items += Format-Json $item }
        return '[' + [string]::Join(', ', [string[]]$items) + ']'
    }
    return Format-Text $value
}

function Get-Unreadable($problem) { return @{ unreadable = $problem.Exception.Message } }

function Format-Hex($bytes) { return ([BitConverter]::ToString([byte[]]$bytes) -replace '-', '').ToLower() }

function Format-Time($time) { return $time.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffffffZ') }

function Open-Key($path) {
    $parts = $path.Split('\', 2)
    $root = [Microsoft.Win32.Registry]::LocalMachine
    if ($parts[0] -eq 'HKCU') { $root = [Microsoft.Win32.Registry]::CurrentUser }
    if ($parts[0] -eq 'HKU') { $root = [Microsoft.Win32.Registry]::Users }
    return $root.OpenSubKey($parts[1])
}

function Get-Value($key, $name) {
    $data = $key.GetValue($name, $null, 'DoNotExpandEnvironmentNames')
    switch ($key.GetValueKind($name).ToString()) {
        'DWord' { return [BitConverter]::ToUInt32([BitConverter]::GetBytes([int]$data), 0) }
        'QWord' { return @{ kind = 11; hex = (Format-Hex ([BitConverter]::GetBytes([long]$data))) } }
        'String' { return [string]$data }
        'ExpandString' { return @{ expand = [string]$data } }
        'MultiString' { return , [string[]]$data }
        'Binary' { return @{ binary = (Format-Hex $data) } }
        default { return @{ kind = 0; hex = '' } }
    }
}

# The values of these names, or all; and the names of the keys below.
function Get-RegistryKey($path, $names) {
    try {
        $key = Open-Key $path
        if ($null -eq $key) { return $null }
        $read = @{ '@keys' = [string[]]$key.GetSubKeyNames() }
        foreach ($name in $key.GetValueNames()) {
            if ($null -eq $names -or $names -contains $name) { $read[$name] = Get-Value $key $name }
        }
        $key.Close()
        return $read
    } catch { return Get-Unreadable $_ }
}

# Who may do what with the key.
function Add-Sddl($path, $read) {
    if ($null -eq $read -or -not $read.ContainsKey('@keys')) { return }
    try {
        $key = Open-Key $path
        $read['@sddl'] = $key.GetAccessControl('Access, Owner').GetSecurityDescriptorSddlForm('Access, Owner')
        $key.Close()
    } catch { }
}

function Add-Tree($path, $depth, $into) {
    $read = Get-RegistryKey $path $null
    $into[$path] = $read
    if ($depth -lt 3 -and $null -ne $read -and $read.ContainsKey('@keys')) {
        foreach ($name in $read['@keys']) { Add-Tree "$path\$name" ($depth + 1) $into }
    }
}

# Which servers mstsc remembers for a user, and what was typed into it last.
function Add-Servers($hive, $into) {
    $path = "$hive\$Remembered\Servers"
    $read = Get-RegistryKey $path @()
    $into[$path] = $read
    if ($null -ne $read -and $read.ContainsKey('@keys')) {
        foreach ($name in $read['@keys']) { $into["$path\$name"] = Get-RegistryKey "$path\$name" @('UsernameHint') }
    }
    $path = "$hive\$Remembered\Default"
    $into[$path] = Get-RegistryKey $path @(0..({typed} - 1) | ForEach-Object { "MRU$_" })
}

# Those of everybody who is logged on, as far as we may.
function Add-AllServers($into) {
    Add-Servers 'HKCU' $into
    try {
        $people = [Microsoft.Win32.Registry]::Users.GetSubKeyNames() | Where-Object { $_ -match '^S-1-(5-21|12-1)-[\d-]+$' }
        $people = @($people | Select-Object -First $MostUsers)
        $into['HKU'] = @{ '@keys' = [string[]]$people }
        foreach ($sid in $people) {
            Add-Servers "HKU\$sid" $into
            $into["$Profiles\$sid"] = Get-RegistryKey "$Profiles\$sid" @('ProfileImagePath')
        }
    } catch { $into['HKU'] = Get-Unreadable $_ }
}

function Get-RegistryKeys {
    $all = @{}
    foreach ($line in ($Settings -split "`r?`n")) {
        $fields = $line.Split('|')
        if ($fields.Length -gt 1) { $all[$fields[0]] = Get-RegistryKey $fields[0] $fields[1].Split(';') }
    }
    foreach ($path in $Trees) { Add-Tree $path 0 $all }
    foreach ($path in $Whole) { $all[$path] = Get-RegistryKey $path $null }
    # When updates were installed.
    $packages = '{packages}'
    if ($null -ne $all[$packages] -and $all[$packages].ContainsKey('@keys')) {
        foreach ($name in $all[$packages]['@keys']) {
            if ($name -match 'KB\d|^Package_for_RollupFix~') {
                $all["$packages\$name"] = Get-RegistryKey "$packages\$name" @('CurrentState', 'InstallTimeHigh', 'InstallTimeLow')
            }
        }
    }
    foreach ($name in $Services) {
        $path = "HKLM\SYSTEM\CurrentControlSet\Services\$name"
        $all[$path] = Get-RegistryKey $path @('Start', 'ObjectName', 'ImagePath', 'DependOnService', 'ServiceDll')
        $all["$path\Parameters"] = Get-RegistryKey "$path\Parameters" @('ServiceDll')
    }
    foreach ($store in $Stores) {
        $path = "HKLM\SOFTWARE\Microsoft\SystemCertificates\$store\Certificates"
        $read = Get-RegistryKey $path @()
        $all[$path] = $read
        $above = $path.Substring(0, $path.LastIndexOf('\'))
        $all[$above] = Get-RegistryKey $above @()
        foreach ($key in $above, $path) { Add-Sddl $key $all[$key] }
        if ($null -ne $read -and $read.ContainsKey('@keys')) {
            foreach ($name in $read['@keys']) { $all["$path\$name"] = Get-RegistryKey "$path\$name" @('Blob') }
        }
    }
    $read = Get-RegistryKey $History @()
    $all[$History] = $read
    if ($null -ne $read -and $read.ContainsKey('@keys')) {
        foreach ($name in $read['@keys']) { $all["$History\$name"] = Get-RegistryKey "$History\$name" @({history_names}) }
    }
    if ($Client) { Add-AllServers $all }
    return $all
}

function Get-ServiceStates {
    $states = @{ 'Stopped' = 1; 'Start Pending' = 2; 'Stop Pending' = 3; 'Running' = 4; 'Continue Pending' = 5; 'Pause Pending' = 6; 'Paused' = 7 }
    $all = @{}
    foreach ($name in $Services) {
        try {
            $service = Get-WmiObject Win32_Service -Filter "Name='$name'"
            if ($null -eq $service) { $all[$name] = $null }
            else {
                $read = @{ state = [int]$states[$service.State] }
                if ($service.ProcessId -ne 0) { $read['process'] = [int]$service.ProcessId }
                $all[$name] = $read
            }
        } catch { $all[$name] = Get-Unreadable $_ }
    }
    return $all
}

function Get-FileRecord($path) {
    try {
        $item = Get-Item -LiteralPath $path -Force
        $read = @{ folder = [bool]$item.PSIsContainer; modified = (Format-Time $item.LastWriteTimeUtc) }
        if (-not $item.PSIsContainer) { $read['size'] = [long]$item.Length }
        if ($path -like '*.dll') {
            $version = $item.VersionInfo
            $parts = $version.FileMajorPart, $version.FileMinorPart, $version.FileBuildPart, $version.FilePrivatePart
            if ($parts[0] -gt 0) { $read['version'] = [string]::Join('.', [string[]]$parts) }
        }
        try { $read['sddl'] = (Get-Acl -LiteralPath $path).Sddl } catch { $read['sddl'] = $null }
        return $read
    } catch [System.Management.Automation.ItemNotFoundException] { return $null }
    catch { return Get-Unreadable $_ }
}

# The library that the service is set to load, below the system drive.
function Get-ServiceLibrary {
    try {
        $key = Open-Key 'HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters'
        $library = ([string]$key.GetValue('ServiceDll')).Trim('"')
        if ($library -like "$env:SystemDrive\*") { return $library.Substring($env:SystemDrive.Length + 1) }
    } catch { }
    return $null
}

# A connection file without its secrets: their names stay, so that the report can say that there are any.
function Get-ConnectionText($path) {
    $kept = @()
    foreach ($line in [IO.File]::ReadAllLines($path)) {
        if ($line -match '^([^:]*(password|passwd|secret|token|apikey)[^:]*:[^:]*:)') { $kept += $matches[1] }
        # Whatever is no setting at all may be one as well; the number of the line is kept.
        elseif ($line -notmatch '^[^:]*:[^:]*:') { $kept += '' }
        else { $kept += $line }
    }
    return [string]::Join("`n", [string[]]$kept)
}

function Add-Connections($into) {
    $into['Users'] = @{ folder = $true }
    $left = {most_files}
    foreach ($user in @([IO.Directory]::GetDirectories("$env:SystemDrive\Users") | Select-Object -First $MostUsers)) {
        $name = [IO.Path]::GetFileName($user)
        $into["Users\$name"] = @{ folder = $true }
        foreach ($folder in $UserFolders) {
            # Other users' folders are closed to most accounts.
            try { $files = [IO.Directory]::GetFiles("$user\$folder", '*.rdp') } catch { continue }
            $into["Users\$name\$folder"] = @{ folder = $true }
            foreach ($file in $files) {
                if ($left -le 0) { return }
                $left--
                try {
                    $size = (Get-Item -LiteralPath $file -Force).Length
                    if ($size -gt {largest}) { continue }
                    $into["Users\$name\$folder\" + [IO.Path]::GetFileName($file)] = @{ size = [long]$size; text = (Get-ConnectionText $file) }
                } catch { }
            }
        }
    }
}

# The values that are looked at, by their key without its hive.
function Get-PolicyKeys {
    $wanted = @{}
    foreach ($line in ($Settings -split "`r?`n")) {
        $fields = $line.Split('|')
        if ($fields.Length -gt 1 -and $fields[0] -like 'HKLM\*') { $wanted[$fields[0].Substring(5)] = $fields[1].Split(';') }
    }
    return $wanted
}

function Find-TextEnd($bytes, $at) {
    while ($at + 1 -lt $bytes.Length -and ($bytes[$at] -ne 0 -or $bytes[$at + 1] -ne 0)) { $at += 2 }
    return $at
}

# What a Registry.pol says of the values that are looked at, and nothing else of it: [key;value;type;size;data].
function Get-PolicyFile($path, $wanted) {
    try {
        $item = Get-Item -LiteralPath $path -Force
        if ($item.Length -gt {largest_policy}) { return @{ unreadable = 'larger than {largest_policy} bytes' } }
        $bytes = [IO.File]::ReadAllBytes($path)
        $kept = New-Object System.IO.MemoryStream
        $kept.Write($bytes, 0, [Math]::Min(8, $bytes.Length))
        $at = 8
        while ($at -lt $bytes.Length) {
            $keyEnd = Find-TextEnd $bytes ($at + 2)
            $valueEnd = Find-TextEnd $bytes ($keyEnd + 4)
            if ($valueEnd + 18 -gt $bytes.Length) { return @{ unreadable = 'damaged' } }
            $end = [long]$valueEnd + 18 + [BitConverter]::ToUInt32($bytes, $valueEnd + 10)
            if ($end -gt $bytes.Length) { return @{ unreadable = 'damaged' } }
            $key = [Text.Encoding]::Unicode.GetString($bytes, $at + 2, $keyEnd - $at - 2)
            $value = [Text.Encoding]::Unicode.GetString($bytes, $keyEnd + 4, $valueEnd - $keyEnd - 4)
            $keeps = $wanted.ContainsKey($key) -and ($wanted[$key] -contains $value -or $value.StartsWith('**'))
            foreach ($tree in $Trees) { if ("HKLM\$key" -like "$tree\*") { $keeps = $true } }
            if ($keeps) { $kept.Write($bytes, $at, $end - $at) }
            $at = [int]$end
        }
        return @{ size = [long]$item.Length; modified = (Format-Time $item.LastWriteTimeUtc); hex = (Format-Hex $kept.ToArray()) }
    } catch [System.Management.Automation.ItemNotFoundException] { return $null }
    catch { return Get-Unreadable $_ }
}

function Add-PolicyFiles($into) {
    $wanted = Get-PolicyKeys
    $into[$LocalPolicy] = Get-PolicyFile "$env:SystemDrive\$LocalPolicy" $wanted
    $read = Get-RegistryKey $History @()
    if ($null -eq $read -or -not $read.ContainsKey('@keys')) { return }
    foreach ($name in $read['@keys']) {
        $object = Get-RegistryKey "$History\$name" @({history_names})
        if ($null -eq $object -or [string]$object['GPOName'] -notmatch '^\{[0-9a-fA-F-]{36}\}$') { continue }
        if ([string]$object['FileSysPath'] -notmatch '^.*\\sysvol\\([\w.-]+)\\') { continue }
        $path = "$PolicyCopies\" + $matches[1] + '\Policies\' + $object['GPOName'] + '\Machine\Registry.pol'
        $into[$path] = Get-PolicyFile "$env:SystemDrive\$path" $wanted
    }
}

function Get-FileRecords {
    $all = @{}
    $library = Get-ServiceLibrary
    if ($null -ne $library) { $all[$library] = Get-FileRecord "$env:SystemDrive\$library" }
    if ($Client) {
        try { Add-Connections $all } catch { $all['Users'] = Get-Unreadable $_ }
        try { $all[$Hosts] = @{ text = [IO.File]::ReadAllText("$env:SystemDrive\$Hosts") } } catch { $all[$Hosts] = Get-Unreadable $_ }
    }
    Add-PolicyFiles $all
    foreach ($path in $Files + $KeyFolders) { $all[$path] = Get-FileRecord "$env:SystemDrive\$path" }
    foreach ($folder in $KeyFolders) {
        try {
            # Names of key files only: their hash tells whether they belong to Remote Desktop.
            foreach ($file in [IO.Directory]::GetFiles("$env:SystemDrive\$folder")) {
                $name = [IO.Path]::GetFileName($file)
                if ($name -match '^[0-9a-fA-F]{32}_') { $all["$folder\$name"] = Get-FileRecord $file }
            }
        } catch { $all[$folder] = Get-Unreadable $_ }
    }
    return $all
}

function Get-Fields($xml) {
    $fields = @()
    if ($null -ne $xml.Event.EventData) {
        foreach ($data in $xml.Event.EventData.ChildNodes) { $fields += , @([string]$data.GetAttribute('Name'), [string]$data.InnerText) }
    }
    if ($null -ne $xml.Event.UserData) {
        foreach ($data in $xml.SelectNodes("//*[local-name()='UserData']/*/*")) { $fields += , @([string]$data.LocalName, [string]$data.InnerText) }
    }
    return , $fields
}

function Get-Channel($name, $providers) {
    try {
        $log = Get-WinEvent -ListLog $name
        $read = @{ records = [long]$log.RecordCount; events = @() }
        try { $read['oldest'] = Format-Time (Get-WinEvent -LogName $name -MaxEvents 1 -Oldest).TimeCreated } catch { }
        try { $read['newest'] = Format-Time (Get-WinEvent -LogName $name -MaxEvents 1).TimeCreated } catch { }
        $since = (Get-Date).AddDays(-$DaysBack)
        foreach ($provider in $providers) {
            $ids = [int[]]$provider[1].Split(',')
            # A query takes some twenty ids.
            for ($from = 0; $from -lt $ids.Length; $from += 20) {
                $some = $ids[$from..([Math]::Min($from + 19, $ids.Length - 1))]
                $filter = @{ LogName = $name; ProviderName = $provider[0]; Id = $some; StartTime = $since }
                # There may be none, and the provider may not be known on this Windows: that is no failure.
                foreach ($event in @(Get-WinEvent -FilterHashtable $filter -MaxEvents $MostEvents -ErrorAction SilentlyContinue)) {
                    $read['events'] += @{ time = (Format-Time $event.TimeCreated); provider = $event.ProviderName
                        id = [int]$event.Id; record = [long]$event.RecordId; data = (Get-Fields ([xml]$event.ToXml())) }
                }
            }
        }
        return $read
    } catch {
        if ($_.FullyQualifiedErrorId -like 'NoMatchingLogsFound*') { return $null }
        return Get-Unreadable $_
    }
}

function Get-Channels {
    $wanted = @{}
    foreach ($line in ($Events -split "`r?`n")) {
        $fields = $line.Split('|')
        if ($fields.Length -lt 3) { continue }
        if (-not $wanted.ContainsKey($fields[0])) { $wanted[$fields[0]] = @() }
        $wanted[$fields[0]] += , @($fields[1], $fields[2])
    }
    $all = @{}
    foreach ($name in $wanted.Keys) { $all[$name] = Get-Channel $name $wanted[$name] }
    return $all
}

function Get-Listeners {
    try {
        $all = @()
        foreach ($line in (netstat -ano)) {
            $fields = $line.Trim() -split '\s+'
            # The state is in the system's language: a listener is who has no peer.
            if ($fields.Length -lt 5 -or $fields[0] -ne 'TCP' -or $fields[2] -notmatch ':0$') { continue }
            $read = @{ address = $fields[1]; process = [int]$fields[4] }
            $program = Get-Process -Id $read['process'] -ErrorAction SilentlyContinue
            if ($null -ne $program) { $read['program'] = $program.ProcessName + '.exe' }
            $all += $read
        }
        return , $all
    } catch { return Get-Unreadable $_ }
}

function Get-Resources {
    try {
        $system = Get-WmiObject Win32_OperatingSystem
        $disk = Get-WmiObject Win32_LogicalDisk -Filter "DeviceID='$env:SystemDrive'"
        return @{ memory_free = [long]$system.FreePhysicalMemory * 1024; commit_free = [long]$system.FreeVirtualMemory * 1024
            system_disk = @([long]$disk.FreeSpace, [long]$disk.Size) }
    } catch { return Get-Unreadable $_ }
}

# For whom credentials are stored. What cmdkey prints is in the system's language, but for the target; the user stands two
# lines below it.
function Get-StoredCredentials {
    try {
        $all = @()
        $lines = @(cmdkey /list)
        for ($at = 0; $at -lt $lines.Length; $at++) {
            if ($lines[$at] -notmatch '(TERMSRV/\S+)') { continue }
            $read = @{ target = $matches[1] }
            if ($at + 2 -lt $lines.Length -and $lines[$at + 2] -match '^\s+[^:]+:\s*(\S.*)$') { $read['user'] = $matches[1].Trim() }
            $all += $read
        }
        return , $all
    } catch { return Get-Unreadable $_ }
}

# The host of an address that may have a port; none where it is no name.
function Get-HostName($address) {
    $name = (([string]$address).Trim() -replace ':\d+$', '').TrimEnd('.').ToLower()
    if ($name -eq '' -or $name -match '^[\d.]+$' -or $name -match '[^\w.-]') { return $null }
    return $name
}

# Servers that connections name.
function Get-ServerNames($registry, $files) {
    $names = @($AlsoCached)
    foreach ($file in $files.Values) {
        if ($file -is [hashtable] -and $file.ContainsKey('text') -and $file['text'] -match '(?im)^full address:s:(.+)$') {
            $names += Get-HostName $matches[1]
        }
    }
    foreach ($path in @($registry.Keys)) {
        if ($path -like "*\$Remembered\Servers\*") { $names += Get-HostName $path.Substring($path.LastIndexOf('\') + 1) }
    }
    return @($names | Where-Object { $null -ne $_ } | Select-Object -Unique -First {most_names})
}

# What the DNS cache has of these names, and of nobody else's: it lists what a user visits. No address where it has that there
# is no such name. Windows 7 has no such cmdlet.
function Get-ResolverCache($names) {
    try {
        $all = @{}
        $cached = @(Get-DnsClientCache)
        foreach ($name in $names) {
            $addresses = @()
            $denied = $false
            foreach ($entry in $cached) {
                # A short name is kept with the suffix that completed it.
                if ($entry.Entry -ne $name -and ($name.Contains('.') -or $entry.Entry -notlike "$name.*")) { continue }
                $fields = $entry.CimInstanceProperties
                # DNS_ERROR_RCODE_NAME_ERROR; records of type A or AAAA.
                if ($fields['Status'].Value -eq 9003) { $denied = $true }
                elseif ($fields['Status'].Value -eq 0 -and 1, 28 -contains $fields['Type'].Value) {
                    $addresses += @{ address = [string]$fields['Data'].Value; seconds = [long]$fields['TimeToLive'].Value }
                }
            }
            if ($denied -or $addresses.Length -gt 0) { $all[$name] = $addresses }
        }
        return $all
    } catch { return Get-Unreadable $_ }
}

$Collected = @{
    collection = 1
    client = $Client
    taken = (Format-Time (Get-Date))
    registry = (Get-RegistryKeys)
    services = (Get-ServiceStates)
    files = (Get-FileRecords)
    channels = (Get-Channels)
    listeners = (Get-Listeners)
    resources = (Get-Resources)
}
if ($Client) {
    $Collected['credentials'] = Get-StoredCredentials
    if ($null -ne (Get-Command Get-DnsClientCache -ErrorAction SilentlyContinue)) {
        $Collected['resolver_cache'] = Get-ResolverCache (Get-ServerNames $Collected['registry'] $Collected['files'])
    }
}
Format-Json $Collected

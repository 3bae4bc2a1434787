module "eks" {
  source = "terraform-aws-modules/eks/aws"
  eks_managed_node_groups = {
    gpu = {
      ami_type       = "AL2023_x86_64_NVIDIA"
      instance_types = ["g5.12xlarge", "g6.4xlarge"]
      labels = {
        "nvidia.com/gpu.present" = "true"
      }
    }
    general = {
      instance_types = ["m6i.xlarge"]
    }
    neuron = {
      instance_types = ["inf2.8xlarge"]
    }
  }
}

resource "google_compute_instance" "worker" {
  machine_type = "n1-standard-8"
  guest_accelerator {
    type  = "nvidia-tesla-t4"
    count = 1
  }
}

resource "azurerm_linux_virtual_machine" "trainer" {
  size = "Standard_ND96isr_H100_v5"
}
